package dummy

import (
	"context"
	"fmt"
	"sync"
	"weak"
)

// A Local has a value of its own for each dummy thread: see [threading.Local],
// whose methods it has. A thread that runs inside another one does not see what
// that has stored.
//
// The zero value is ready and holds nothing; [NewLocal] makes one with initial
// values. A Local must not be copied after its first use. Its methods are safe
// for concurrent use.
type Local[T any] struct {
	init func() T

	mu       sync.Mutex
	byThread map[*Thread]T // protected by mu
}

// NewLocal returns a Local in which every thread finds what init returns,
// called once for each thread that looks before it stores. nil is the zero
// Local's.
func NewLocal[T any](init func() T) *Local[T] { return &Local[T]{init: init} }

// Load returns the value of ctx's thread. If it has none yet and the Local has
// an initial value, it gets that. Otherwise, and if ctx carries no thread, or
// one that has ended, Load returns false.
func (l *Local[T]) Load(ctx context.Context) (value T, ok bool) {
	t := Current(ctx)
	if t == nil {
		return value, false
	}
	l.mu.Lock()
	value, ok = l.byThread[t]
	l.mu.Unlock()
	if ok || l.init == nil {
		return value, ok
	}
	value = l.init() // which may use l
	return value, l.store(t, value) == nil
}

// Store sets the value of ctx's thread. The error is [ErrNoThread] if ctx
// carries none, and matches it if that has ended.
func (l *Local[T]) Store(ctx context.Context, value T) error {
	t := Current(ctx)
	if t == nil {
		return ErrNoThread
	}
	return l.store(t, value)
}

// Delete removes the value of ctx's thread, which may have none. A Local with
// an initial value starts again with that. The error is [ErrNoThread] if ctx
// carries no thread.
func (l *Local[T]) Delete(ctx context.Context) error {
	t := Current(ctx)
	if t == nil {
		return ErrNoThread
	}
	l.drop(t)
	return nil
}

func (l *Local[T]) drop(t *Thread) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.byThread, t)
}

var errEnded = fmt.Errorf("%w; this one's has ended", ErrNoThread)

func (l *Local[T]) store(t *Thread, value T) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, had := l.byThread[t]; !had {
		w := weak.Make(l) // t may live longer than l is needed
		if !t.onEnd(func() {
			if l := w.Value(); l != nil {
				l.drop(t)
			}
		}) {
			return errEnded
		}
	}
	if l.byThread == nil {
		l.byThread = make(map[*Thread]T)
	}
	l.byThread[t] = value
	return nil
}

// onEnd has f called when t ends. It returns false if t has ended.
func (t *Thread) onEnd(f func()) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state != stateStarted {
		return false
	}
	t.atEnd = append(t.atEnd, f)
	return true
}
