package threading

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"weak"
)

// A Local has a value of its own for each thread: what one thread stores, no
// other sees. The thread is the one that the context of the call carries.
//
//	var requests threading.Local[int]
//
// What a thread has stored is dropped when the thread ends, and what all have
// when the Local is. Of the many things a Local is used for in Python, most
// are done better with a parameter, with package contextvars, which follows a
// call into other threads, or with a sync.Pool.
//
// The zero value is ready and holds nothing; [NewLocal] makes one with initial
// values. A Local must not be copied after its first use. Its methods are safe
// for concurrent use and do not block; a value that several goroutines share
// through one thread's context is their own affair.
type Local[T any] struct {
	init   func() T
	values atomic.Pointer[localValues]
}

// localValues are the values of one Local. Threads that have one point here,
// weakly: when the Local goes, so do they, even if they refer to it.
type localValues struct {
	byThread sync.Map // *Thread → *localValue[T]
}

type localValue[T any] struct{ p atomic.Pointer[T] } // nil: deleted

// NewLocal returns a Local in which every thread finds what init returns,
// called once for each thread that looks before it stores: Python's subclass of
// local with an __init__. nil is the zero Local's.
func NewLocal[T any](init func() T) *Local[T] { return &Local[T]{init: init} }

// Load returns the value of ctx's thread. If it has none yet and the Local has
// an initial value, it gets that. Otherwise, and if ctx carries no thread, or
// one that has ended, Load returns false.
func (l *Local[T]) Load(ctx context.Context) (value T, ok bool) {
	t := Current(ctx)
	if t == nil {
		return value, false
	}
	if p := l.find(t); p != nil {
		if v := p.p.Load(); v != nil {
			return *v, true
		}
	}
	if l.init == nil {
		return value, false
	}
	first := l.init()
	return first, l.store(t, &first) == nil
}

// Store sets the value of ctx's thread. The error is [ErrNoThread] if ctx
// carries none, and matches it if that has ended.
func (l *Local[T]) Store(ctx context.Context, value T) error {
	t := Current(ctx)
	if t == nil {
		return ErrNoThread
	}
	return l.store(t, &value)
}

// Delete removes the value of ctx's thread, which may have none. A Local with
// an initial value starts again with that. The error is [ErrNoThread] if ctx
// carries no thread.
func (l *Local[T]) Delete(ctx context.Context) error {
	t := Current(ctx)
	if t == nil {
		return ErrNoThread
	}
	if p := l.find(t); p != nil {
		p.p.Store(nil)
	}
	return nil
}

// find returns the place of t's value, or nil.
func (l *Local[T]) find(t *Thread) *localValue[T] {
	vs := l.values.Load()
	if vs == nil {
		return nil
	}
	p, _ := vs.byThread.Load(t)
	v, _ := p.(*localValue[T])
	return v
}

func (l *Local[T]) store(t *Thread, value *T) error {
	p := l.find(t)
	if p == nil {
		vs := l.values.Load()
		if vs == nil {
			l.values.CompareAndSwap(nil, new(localValues))
			vs = l.values.Load()
		}
		got, err := vs.enter(t, new(localValue[T]))
		if err != nil {
			return err
		}
		p = got.(*localValue[T])
	}
	p.p.Store(value)
	return nil
}

var errEnded = fmt.Errorf("%w; this one's has ended", ErrNoThread)

// enter gives t the place p among vs, or returns the one it has.
func (vs *localValues) enter(t *Thread, p any) (any, error) {
	ls := t.localsOf()
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.over || !t.Alive() {
		return nil, errEnded
	}
	p, had := vs.byThread.LoadOrStore(t, p)
	if !had {
		ls.note(vs)
	}
	return p, nil
}

// locals are the Locals in which a thread has a value, and what else ends with
// it.
type locals struct {
	mu   sync.Mutex
	over bool // protected by mu: the thread ends
	all  []weak.Pointer[localValues]
	ends map[*func()]struct{} // called when the thread ends
}

// note adds vs. Now and then it forgets those that the program has dropped,
// for threads that outlive many Locals.
func (ls *locals) note(vs *localValues) {
	if len(ls.all) == cap(ls.all) {
		kept := ls.all[:0]
		for _, w := range ls.all {
			if w.Value() != nil {
				kept = append(kept, w)
			}
		}
		clear(ls.all[len(kept):])
		ls.all = kept
	}
	ls.all = append(ls.all, weak.Make(vs))
}

// dropLocals drops all that t has in Locals, and does what atEnd was asked for.
func (t *Thread) dropLocals() {
	x := t.extra.Load()
	if x == nil {
		return
	}
	ls := x.locals.Load()
	if ls == nil {
		return
	}
	ls.mu.Lock()
	ls.over = true
	all, ends := ls.all, ls.ends
	ls.all, ls.ends = nil, nil
	ls.mu.Unlock()
	for f := range ends {
		(*f)()
	}
	for _, w := range all {
		if vs := w.Value(); vs != nil {
			vs.byThread.Delete(t)
		}
	}
}
