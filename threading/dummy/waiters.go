package dummy

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// tracked are the locks that are held, while somebody wants to know.
var tracked struct {
	on atomic.Bool
	mu sync.Mutex
	by map[any]heldLock // protected by mu
	n  int              // protected by mu: numbers them in the order they were taken
}

type heldLock struct {
	holder
	n int
}

// trackTake notes that h has taken obj.
func trackTake(obj any, h holder) {
	if !tracked.on.Load() {
		return
	}
	tracked.mu.Lock()
	defer tracked.mu.Unlock()
	if tracked.by == nil {
		tracked.by = make(map[any]heldLock)
	}
	tracked.n++
	tracked.by[obj] = heldLock{h, tracked.n}
}

// trackFree notes that nobody has obj.
func trackFree(obj any) {
	if !tracked.on.Load() {
		return
	}
	tracked.mu.Lock()
	defer tracked.mu.Unlock()
	delete(tracked.by, obj)
}

// SetTracking switches on, or off, that notes are kept for [DumpWaiters], and
// returns what was before. What is held when it is switched on is not known.
func SetTracking(on bool) (old bool) {
	tracked.mu.Lock()
	defer tracked.mu.Unlock()
	tracked.by = nil
	return tracked.on.Swap(on)
}

// DumpWaiters writes which of this package's locks are held, by whom, since
// where; nobody waits for them. At the end of a test it shows what was not
// released. [SetTracking] has to be on. It returns the error of w.
func DumpWaiters(w io.Writer) error {
	tracked.mu.Lock()
	type line struct {
		obj any
		heldLock
	}
	var lines []line
	for obj, h := range tracked.by {
		lines = append(lines, line{obj, h})
	}
	tracked.mu.Unlock()
	slices.SortFunc(lines, func(a, b line) int { return cmp.Compare(a.n, b.n) })
	var b bytes.Buffer
	fmt.Fprintf(&b, "0 waiting, %d held\n", len(lines))
	for _, l := range lines {
		fmt.Fprintf(&b, "%T %p %s\n", l.obj, l.obj, l.did("held"))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// A SlowWait is a wait that took long. There is none here.
type SlowWait struct {
	Kind   string
	Object any
	Thread *Thread
	Waited time.Duration
	Stack  []uintptr
}

// SetSlowWait does nothing: nobody ever waits.
func SetSlowWait(threshold time.Duration, fn func(SlowWait)) {}
