package progress

import (
	"bytes"
	"os"
	"strings"
	"time"
)

// maxHeld is how long a line may grow in Write before it is shown unfinished.
const maxHeld = 64 << 10

// draw shows the tracker at every tick until Finish calls it back.
func (t *Tracker) draw() {
	defer close(t.gone)
	period := t.cfg.Refresh
	if t.cfg.Mode == Lines {
		period = t.cfg.Every
	}
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		select {
		case <-t.quit:
			return
		case <-ticker.C:
			t.tick()
		}
	}
}

// tick shows the tracker once.
func (t *Tracker) tick() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.broken {
		return
	}
	v := t.viewLocked()
	if t.cfg.Mode == Lines {
		t.emitLocked(v.line() + "\n")
		return
	}
	cols := t.cfg.columns()
	next := v.frame(cols)
	if next == t.drawn {
		return
	}
	text := "\r" + next
	if gap := min(columns(t.drawn), cols) - columns(next); plain(next) {
		text += strings.Repeat(" ", max(gap, 0))
	} else {
		// The width of such a text is an estimate, so blanks behind it might not
		// reach all that stands there: wipe first.
		text = t.wipeLocked(cols) + next
	}
	t.drawn = next
	t.emitLocked(text)
}

// viewLocked takes a look at the counters.
func (t *Tracker) viewLocked() view {
	v := view{Stats: t.Stats(), label: t.cfg.Label}
	t.meter.look(v.Elapsed, v.Done)
	v.rate = t.meter.rate(v.Elapsed)
	if note := t.note.Load(); note != nil {
		v.note = clean(*note)
	}
	return v
}

// wipeLocked answers what removes the frame that stands, and leaves the cursor at
// the beginning of the line. It writes no more than cols blanks: the terminal may
// have become narrower since.
func (t *Tracker) wipeLocked(cols int) string {
	if t.drawn == "" {
		return ""
	}
	return "\r" + strings.Repeat(" ", max(min(columns(t.drawn), cols), 0)) + "\r"
}

// emitLocked writes a piece of showing in one call. Its failure is nobody's
// business but its own: nothing is drawn from then on.
func (t *Tracker) emitLocked(s string) {
	if _, err := t.cfg.Output.Write([]byte(s)); err != nil {
		t.broken = true
	}
}

// close writes what must not be lost, and the last line.
func (t *Tracker) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	if t.cfg.Mode == Silent {
		return
	}
	var text string
	if !t.broken {
		text = t.wipeLocked(t.cfg.columns())
	}
	// The program's own text is tried even on an output that failed before.
	if len(t.held) > 0 {
		text += string(t.held) + "\n"
	}
	if !t.broken {
		text += t.viewLocked().last() + "\n"
	}
	t.drawn, t.held = "", nil
	if text != "" {
		t.emitLocked(text)
	}
}

// Write passes whole lines on to the output, above the bar if there is one. It
// makes a Tracker the place to send a logger's output to while a bar is drawn.
// What follows the last newline is held back until its line is complete, and
// until Finish at the latest; a line is broken at 64 KiB.
//
// In mode [Silent] and after Finish everything goes straight to the output: it
// is the program's own text. The output of a nil or zero Tracker is os.Stderr.
//
// Write waits for the output. Its error is that of the output; then it says that
// nothing of p was written, though some of it may have been.
func (t *Tracker) Write(p []byte) (int, error) {
	if t == nil {
		return os.Stderr.Write(p)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.cfg.Output == nil:
		return os.Stderr.Write(p)
	case t.over || t.cfg.Mode == Silent:
		return t.cfg.Output.Write(p)
	}

	end := bytes.LastIndexByte(p, '\n') + 1
	tail := p[end:]
	if end == 0 && len(t.held)+len(tail) <= maxHeld {
		t.held = append(t.held, tail...)
		return len(p), nil
	}
	var text []byte
	if t.drawn != "" {
		text = append(text, t.wipeLocked(t.cfg.columns())...)
	}
	text = append(append(text, t.held...), p[:end]...)
	t.held = t.held[:0]
	if len(tail) > maxHeld || end == 0 {
		text = append(append(text, tail...), '\n')
	} else {
		t.held = append(t.held, tail...)
	}
	// The bar stands again at once, not at the next tick: no flicker.
	if t.drawn != "" && !t.broken {
		t.drawn = t.viewLocked().frame(t.cfg.columns())
		text = append(text, t.drawn...)
	} else {
		t.drawn = ""
	}
	if _, err := t.cfg.Output.Write(text); err != nil {
		t.broken = true
		return 0, err
	}
	return len(p), nil
}
