// Package track knows, while somebody wants to know, which goroutines wait for
// what and since when, and who holds the locks they wait for. While nobody
// does, it costs the load of one word where a goroutine goes to sleep, and
// another where it takes a lock.
package track

import (
	"context"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/internal/current"
)

// What is wanted.
const (
	holders = 1 << iota // who holds and who waits
	slow                // a call for long waits
)

var wanted atomic.Uint32

// Free is 0 while nobody wants to know holders. While somebody does, it is a
// number that is not the state of any lock, so that a lock whose state is 0
// when it is free need not look at On as well: it tries to change its state
// from Free, and does what else is to be done if that fails.
var Free atomic.Int64

// On reports whether holders are to be noted: whoever takes a lock calls Hold.
func On() bool { return wanted.Load()&holders != 0 }

// Watched reports whether whoever goes to sleep is to call Begin.
func Watched() bool { return wanted.Load() != 0 }

var (
	mu    sync.Mutex // protects what follows
	holds = map[any]*note{}
	waits = map[*note]struct{}{}
)

// A note says that a goroutine holds something, or waits for it.
type note struct {
	obj    any
	thread current.Thread // nil: no thread
	since  time.Time
	stack  []uintptr
}

func newNote(ctx context.Context, obj any, skip int) *note {
	n := &note{obj: obj, since: time.Now(), stack: make([]uintptr, 32)}
	if ctx != nil {
		n.thread = current.Of(ctx)
	}
	n.stack = n.stack[:runtime.Callers(skip+2, n.stack)]
	return n
}

// Set switches the notes on or off, and returns what was before. Notes about
// locks that are held then are forgotten.
func Set(on bool) (old bool) {
	mu.Lock()
	defer mu.Unlock()
	if on {
		Free.Store(math.MaxInt64)
		return wanted.Or(holders)&holders != 0
	}
	Free.Store(0)
	clear(holds)
	clear(waits)
	return wanted.And(^uint32(holders))&holders != 0
}

// Hold notes that the goroutine behind ctx holds obj now. ctx may be nil. skip
// frames of the stack are left out, 0 being the caller of Hold.
func Hold(ctx context.Context, obj any, skip int) {
	n := newNote(ctx, obj, skip+1)
	mu.Lock()
	defer mu.Unlock()
	if On() {
		holds[obj] = n
	}
}

// Drop notes that nobody holds obj now. It may be called when nobody did.
func Drop(obj any) {
	mu.Lock()
	defer mu.Unlock()
	delete(holds, obj)
}

// Begin notes that the goroutine behind ctx is about to wait for obj, until
// the function it returns is called. ctx may be nil.
func Begin(ctx context.Context, obj any, skip int) (end func()) {
	n := newNote(ctx, obj, skip+1)
	mu.Lock()
	if On() {
		waits[n] = struct{}{}
	}
	mu.Unlock()
	return func() {
		mu.Lock()
		delete(waits, n)
		mu.Unlock()
		if s := slowWait.Load(); s != nil {
			if d := time.Since(n.since); d >= s.threshold {
				s.fn(Slow{Obj: obj, Thread: n.thread, Waited: d, Stack: n.stack})
			}
		}
	}
}

// A Slow is a wait that was longer than wanted.
type Slow struct {
	Obj    any
	Thread current.Thread // nil: no thread
	Waited time.Duration
	Stack  []uintptr
}

type slowCall struct {
	threshold time.Duration
	fn        func(Slow)
}

var slowWait atomic.Pointer[slowCall]

// SetSlow has fn called after each wait that took threshold or more, by the
// goroutine that waited. nil ends that.
func SetSlow(threshold time.Duration, fn func(Slow)) {
	if fn == nil {
		slowWait.Store(nil)
		wanted.And(^uint32(slow))
		return
	}
	slowWait.Store(&slowCall{threshold, fn})
	wanted.Or(slow)
}
