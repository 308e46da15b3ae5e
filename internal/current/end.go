package current

import "sync/atomic"

var atEnd atomic.Pointer[func(t Thread, f func()) (stop func(), ok bool)]

// SetAtEnd tells how to have something done when a thread ends. Package
// threading calls it while it initialises.
func SetAtEnd(f func(t Thread, f func()) (stop func(), ok bool)) { atEnd.Store(&f) }

// AtEnd has f called when t ends, by the goroutine that t is, unless stop is
// called before; f must not wait. It reports false if t has ended already, or
// is no thread of package threading.
func AtEnd(t Thread, f func()) (stop func(), ok bool) {
	if p := atEnd.Load(); p != nil {
		return (*p)(t, f)
	}
	return nil, false
}
