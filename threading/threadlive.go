package threading

import (
	"context"
	"errors"
	"runtime"

	"github.com/conexgo/conex/internal/park"
)

// live is the life of a thread's goroutine.
func (t *Thread) live() {
	defer t.leave() // whatever the hooks do
	if t.flags.Load()&(flagOSThread|flagLabels) != 0 {
		defer t.dress()()
	}
	if t.hooks() != nil {
		t.traceStart()
	}
	t.call()
}

// call calls the thread's function and deals with how it ends.
func (t *Thread) call() {
	var err error
	returned := false
	defer func() {
		if !returned {
			if p := recover(); p != nil {
				err = asPanicError(p)
			}
		}
		t.target = nil
		failed := err != nil && t.failed(err)
		if t.hooks() != nil {
			t.traceEnd(err, failed)
		}
	}()
	if x := t.extra.Load(); x != nil && x.vars != nil && t.target != nil {
		err = x.vars.Run(t.context(), t.target)
	} else if t.target != nil {
		err = t.target(t.context())
	}
	returned = true
}

// failed notes that the function ended with err, and reports it unless that is
// no failure, which it returns.
func (t *Thread) failed(err error) bool {
	if errors.Is(err, ErrExit) {
		return false
	}
	t.more().err = err
	ctx := t.context()
	if end := ctx.Err(); end != nil && (errors.Is(err, end) || errors.Is(err, context.Cause(ctx))) {
		if _, panicked := err.(*PanicError); !panicked {
			return false // it obeyed
		}
	}
	report(t, err)
	return true
}

// leave ends the thread, for everybody to see.
func (t *Thread) leave() {
	t.dropLocals()
	if x := t.extra.Load(); x != nil && x.cancel != nil {
		x.cancel(nil)
	}
	registry.mu.Lock()
	joiners := registry.remove(t)
	registry.mu.Unlock()
	wake(joiners)
}

// wake wakes all who are in q, which may be nil.
func wake(q *park.Queue) {
	if q != nil {
		q.Lock()
		q.WakeAll() // unlocks
	}
}

// dress makes the goroutine what the thread's options ask for, and returns
// what undoes it.
func (t *Thread) dress() (undo func()) {
	flags := t.flags.Load()
	unpin, unlabel := func() {}, func() {}
	if flags&flagOSThread != 0 {
		unpin = t.pin()
	}
	if flags&flagLabels != 0 {
		unlabel = t.label()
	}
	return func() {
		unlabel()
		unpin()
	}
}

// pin keeps the goroutine on its operating system thread. A thread of ours
// ends with that still so, which ends the system's thread too: nobody else
// gets one with a strange name.
func (t *Thread) pin() (unpin func()) {
	runtime.LockOSThread()
	id := osThreadID()
	x := t.more()
	x.native.Store(int64(id))
	if id > 0 {
		pinned.Store(id, t)
	}
	setOSName(t.Name())
	return func() {
		if id > 0 {
			pinned.Delete(id)
		}
	}
}
