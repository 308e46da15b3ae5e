package progress

import (
	"sync"
	"sync/atomic"
	"time"
)

// A Tracker counts what is done and shows it until [Tracker.Finish] is called.
//
// A nil *Tracker and a zero Tracker show nothing, so that code can count without
// asking whether anybody looks: the zero Tracker counts, the nil one does not.
// A Tracker must not be copied after first use. All its methods may be called at
// the same time from any goroutine. Those that count take a few nanoseconds and
// never wait for the output; Write and Finish do wait for it.
//
// In the terms of the Go memory model, whatever happens before a call that
// counts is not synchronized with anything by it: a Tracker is no way to wait for
// the work.
type Tracker struct {
	done   atomic.Int64
	failed atomic.Int64
	_      [48]byte // keeps the counters' cache line from the fields that are read

	total atomic.Int64
	note  atomic.Pointer[string]
	ended atomic.Int64 // elapsed nanoseconds at Finish, at least 1; 0 before

	// Set by New and never changed. started is zero in a zero Tracker.
	cfg     Config
	started time.Time
	quit    chan struct{} // closed by Finish; nil if nothing is drawn
	gone    chan struct{} // closed by the drawing goroutine when it returns

	finish sync.Once

	mu     sync.Mutex // protects the following, and the use of cfg.Output
	meter  meter
	drawn  string // the frame that stands on the terminal's last line
	held   []byte // what Write was given after the last newline
	broken bool   // the output has failed: draw no more
	over   bool   // Finish is through: Write passes everything on
}

// New starts a Tracker, and the goroutine that draws unless it is silent. The
// caller must call [Tracker.Finish]; a Tracker that is forgotten draws for ever.
// New does not block and writes nothing yet.
func New(cfg Config) *Tracker {
	t := &Tracker{cfg: cfg.withDefaults(), started: time.Now()}
	t.total.Store(t.cfg.Total)
	if t.cfg.Mode != Silent {
		t.quit, t.gone = make(chan struct{}), make(chan struct{})
		go t.draw()
	}
	return t
}

// Add counts n more items as done. A negative n takes some back.
func (t *Tracker) Add(n int64) {
	if t != nil {
		t.done.Add(n)
	}
}

// Fail counts n more items as done and failed. It does not need an Add beside it.
func (t *Tracker) Fail(n int64) {
	if t != nil {
		// In this order, and read in the other: failed never exceeds done.
		t.done.Add(n)
		t.failed.Add(n)
	}
}

// Set says that n items are done by now, for work that keeps a count of its own.
// It leaves the number of failed ones as it is.
func (t *Tracker) Set(n int64) {
	if t != nil {
		t.done.Store(n)
	}
}

// SetTotal says how many items there will be. Zero or less means unknown.
func (t *Tracker) SetTotal(n int64) {
	if t != nil {
		t.total.Store(max(n, 0))
	}
}

// Note sets a short text to show behind the numbers, such as the item at work.
// It is shown at the next draw, if there is room; the empty string removes it.
func (t *Tracker) Note(s string) {
	if t != nil {
		t.note.Store(&s)
	}
}

// Stats answers what is counted by now. It does not block. For a nil or zero
// Tracker no time passes.
func (t *Tracker) Stats() Stats {
	if t == nil {
		return Stats{}
	}
	failed := t.failed.Load()
	s := Stats{
		Done:   max(t.done.Load(), 0),
		Failed: max(failed, 0),
		Total:  t.total.Load(),
		Unit:   t.cfg.Unit,
	}
	if end := t.ended.Load(); end > 0 {
		s.Elapsed = time.Duration(end)
	} else if !t.started.IsZero() {
		s.Elapsed = time.Since(t.started)
	}
	return s
}

// Finish ends the showing: it waits for the drawing goroutine, removes the bar and
// writes the last line. It waits for an output that blocks. Later calls do
// nothing but wait for the first. What is counted later on is counted, not shown.
func (t *Tracker) Finish() {
	if t == nil || t.started.IsZero() {
		return
	}
	t.finish.Do(func() {
		if t.quit != nil {
			close(t.quit)
			<-t.gone
		}
		t.ended.Store(max(int64(time.Since(t.started)), 1))
		t.close()
	})
}
