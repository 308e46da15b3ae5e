package managers

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/conexgo/conex/pickle"
	"github.com/conexgo/conex/threading"
)

func testClientLock(t *testing.T, m *Manager) {
	ctx := t.Context()
	l, err := NewLock(ctx, m)
	clientMust(t, err)
	defer l.Close()
	clientMust(t, l.Acquire(ctx))
	clientGot(t, "TryAcquire", false)(l.TryAcquire(ctx))
	clientIs(t, "Acquire", l.Acquire(clientSoon(t)), context.DeadlineExceeded)
	clientMust(t, l.Release(ctx))
	clientIs(t, "Release", l.Release(ctx), threading.ErrNotLocked, pickle.RuntimeError)
	clientIs(t, "With", l.With(ctx, func(ctx context.Context) error {
		clientGot(t, "TryAcquire", false)(l.TryAcquire(ctx))
		return io.EOF
	}), io.EOF)
	clientMust(t, l.Acquire(clientSoon(t)))
}

func testClientRLock(t *testing.T, m *Manager) {
	l, err := NewRLock(t.Context(), m)
	clientMust(t, err)
	defer l.Close()
	clientIs(t, "Acquire without a thread", l.Acquire(t.Context()), threading.ErrNoThread)
	one, leave := threading.Adopt(t.Context())
	defer leave()
	two, leave2 := threading.Adopt(t.Context())
	clientMust(t, l.Acquire(one))
	clientGot(t, "TryAcquire", true)(l.TryAcquire(one))
	clientGot(t, "TryAcquire of another", false)(l.TryAcquire(two))
	clientIs(t, "Release of another", l.Release(two), threading.ErrNotOwner)
	short, cancel := context.WithTimeout(two, 20*time.Millisecond)
	defer cancel()
	clientIs(t, "Acquire", l.Acquire(short), context.DeadlineExceeded)
	clientMust(t, l.Release(one))
	clientGot(t, "TryAcquire of another", false)(l.TryAcquire(two))
	clientMust(t, l.Release(one))
	clientMust(t, l.With(two, func(context.Context) error { return nil }))
	n := len(m.threads)
	leave2()
	if len(m.threads) != n-1 {
		t.Errorf("%d links of threads, %d before one of these ended", len(m.threads), n)
	}
}

func testClientSemaphore(t *testing.T, m *Manager) {
	ctx := t.Context()
	s, err := NewSemaphore(ctx, m, 1)
	clientMust(t, err)
	defer s.Close()
	clientMust(t, s.Acquire(ctx))
	clientGot(t, "TryAcquire", false)(s.TryAcquire(ctx))
	clientIs(t, "Acquire", s.Acquire(clientSoon(t)), context.DeadlineExceeded)
	clientMust(t, s.Release(ctx))
	clientMust(t, s.With(ctx, func(context.Context) error { return nil }))
	b, err := NewBoundedSemaphore(ctx, m, 1)
	clientMust(t, err)
	defer b.Close()
	clientMust(t, b.With(ctx, func(context.Context) error { return nil }))
	clientIs(t, "Release", b.Release(ctx), threading.ErrReleasedTooOften)
}

func testClientCondition(t *testing.T, m *Manager) {
	l, err := NewLock(t.Context(), m)
	clientMust(t, err)
	defer l.Close()
	for _, lock := range []ConditionLock{nil, l} {
		c, err := NewCondition(t.Context(), m, lock)
		clientMust(t, err)
		ctx, leave := threading.Adopt(t.Context())
		if lock == nil {
			clientIs(t, "Notify", c.Notify(ctx, 1), threading.ErrNotOwner)
		}
		clientMust(t, c.Acquire(ctx))
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		clientIs(t, "Wait", c.Wait(short), context.DeadlineExceeded)
		cancel()
		ready, done := false, make(chan error, 1)
		go func() {
			ctx, leave := threading.Adopt(t.Context())
			defer leave()
			done <- c.With(ctx, func(ctx context.Context) error {
				ready = true
				return c.NotifyAll(ctx)
			})
		}()
		long, cancel := context.WithTimeout(ctx, 20*time.Second)
		clientMust(t, c.WaitFor(long, func() bool { return ready }))
		cancel()
		clientMust(t, c.Release(ctx))
		clientMust(t, <-done)
		leave()
		clientMust(t, c.Close())
	}
}

func testClientEvent(t *testing.T, m *Manager) {
	ctx := t.Context()
	e, err := NewEvent(ctx, m)
	clientMust(t, err)
	defer e.Close()
	clientGot(t, "IsSet", false)(e.IsSet(ctx))
	clientIs(t, "Wait", e.Wait(clientSoon(t)), context.DeadlineExceeded)
	clientMust(t, e.Set(ctx))
	clientMust(t, e.Wait(ctx))
	clientGot(t, "IsSet", true)(e.IsSet(ctx))
	clientMust(t, e.Clear(ctx))
	time.AfterFunc(70*time.Millisecond, func() { e.Set(context.Background()) })
	long, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	clientMust(t, e.Wait(long))
}

func testClientBarrier(t *testing.T, m *Manager) {
	ctx := t.Context()
	b, err := NewBarrier(ctx, m, 2)
	clientMust(t, err)
	defer b.Close()
	clientGot(t, "Parties", 2)(b.Parties(ctx))
	clientGot(t, "Waiting", 0)(b.Waiting(ctx))
	other := make(chan int, 1)
	go func() {
		i, _ := b.Wait(ctx)
		other <- i
	}()
	i, err := b.Wait(ctx)
	if i+<-other != 1 || err != nil {
		t.Errorf("Wait: %v, %v", i, err)
	}
	_, err = b.Wait(clientSoon(t))
	clientIs(t, "Wait", err, context.DeadlineExceeded)
	clientGot(t, "Broken", true)(b.Broken(ctx))
	_, err = b.Wait(ctx)
	clientIs(t, "Wait", err, threading.ErrBrokenBarrier)
	clientMust(t, b.Reset(ctx))
	clientGot(t, "Broken", false)(b.Broken(ctx))
	clientMust(t, b.Abort(ctx))
	clientGot(t, "Broken", true)(b.Broken(ctx))
}
