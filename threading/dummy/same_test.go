package dummy_test

import (
	"context"
	"errors"
	"io"
	"math"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/threading"
	"github.com/conexgo/conex/threading/dummy"
)

// What both packages have, as far as these tests use it.
type (
	lock interface {
		Acquire(context.Context) error
		TryAcquire() bool
		Release() error
	}
	rlock interface {
		Acquire(context.Context) error
		TryAcquire(context.Context) (bool, error)
		Release(context.Context) error
	}
	condition interface {
		rlock
		Wait(context.Context) error
		WaitFor(context.Context, func() bool) error
		Notify(context.Context, int) error
		NotifyAll(context.Context) error
	}
	semaphore interface {
		lock
		ReleaseN(int) error
	}
	event interface {
		Set()
		Clear()
		Wait(context.Context) error
	}
	barrier interface {
		Wait(context.Context) (int, error)
		Abort()
		Reset()
		Broken() bool
	}
	thread interface {
		Start(context.Context) error
		Run(context.Context) error
		Join(context.Context) error
		SetDaemon(bool) error
		Err() error
		String() string
	}
	local interface {
		Load(context.Context) (int, bool)
		Store(context.Context, int) error
		Delete(context.Context) error
	}
)

// A kit makes the things of one package.
type kit struct {
	adopt               func(context.Context) (context.Context, func())
	current, zeroThread func(context.Context) thread
	lock                lock
	rlock               rlock
	conditions          []condition // on a lock, on an rlock, zero
	semaphore, bounded  func(int) (semaphore, error)
	event               event
	zeroBarrier         barrier
	barrier             func(int) (barrier, error)
	limited             func(int) (barrier, error)
	acting              func(int, func() error) (barrier, error)
	thread              func(func(context.Context) error) thread
	timer               func(time.Duration, func(context.Context) error) thread
	zeroTimer           thread
	local               local
}

func kits() map[string]*kit {
	l, r := new(threading.Lock), new(threading.RLock)
	dl, dr := new(dummy.Lock), new(dummy.RLock)
	return map[string]*kit{
		"threading": {
			adopt: func(ctx context.Context) (context.Context, func()) {
				return threading.Adopt(ctx, threading.WithName("it"))
			},
			current:     func(ctx context.Context) thread { return threading.Current(ctx) },
			zeroThread:  func(context.Context) thread { return new(threading.Thread) },
			lock:        l,
			rlock:       r,
			conditions:  []condition{threading.NewCondition(l), threading.NewCondition(r), new(threading.Condition)},
			semaphore:   func(n int) (semaphore, error) { return threading.NewSemaphore(n) },
			bounded:     func(n int) (semaphore, error) { return threading.NewBoundedSemaphore(n) },
			event:       new(threading.Event),
			zeroBarrier: new(threading.Barrier),
			barrier:     func(n int) (barrier, error) { return threading.NewBarrier(n) },
			limited:     func(n int) (barrier, error) { return threading.NewBarrier(n, threading.WithTimeout(0)) },
			acting: func(n int, f func() error) (barrier, error) {
				return threading.NewBarrier(n, threading.WithAction(f))
			},
			thread: func(f func(context.Context) error) thread { return threading.New(f, threading.WithName("t")) },
			timer: func(d time.Duration, f func(context.Context) error) thread {
				return threading.NewTimer(d, f, threading.WithName("t"))
			},
			zeroTimer: new(threading.Timer),
			local:     new(threading.Local[int]),
		},
		"dummy": {
			adopt:       func(ctx context.Context) (context.Context, func()) { return dummy.Adopt(ctx, dummy.WithName("it")) },
			current:     func(ctx context.Context) thread { return dummy.Current(ctx) },
			zeroThread:  func(context.Context) thread { return new(dummy.Thread) },
			lock:        dl,
			rlock:       dr,
			conditions:  []condition{dummy.NewCondition(dl), dummy.NewCondition(dr), new(dummy.Condition)},
			semaphore:   func(n int) (semaphore, error) { return dummy.NewSemaphore(n) },
			bounded:     func(n int) (semaphore, error) { return dummy.NewBoundedSemaphore(n) },
			event:       new(dummy.Event),
			zeroBarrier: new(dummy.Barrier),
			barrier:     func(n int) (barrier, error) { return dummy.NewBarrier(n) },
			limited:     func(n int) (barrier, error) { return dummy.NewBarrier(n, dummy.WithTimeout(0)) },
			acting: func(n int, f func() error) (barrier, error) {
				return dummy.NewBarrier(n, dummy.WithAction(f))
			},
			thread: func(f func(context.Context) error) thread { return dummy.New(f, dummy.WithName("t")) },
			timer: func(d time.Duration, f func(context.Context) error) thread {
				return dummy.NewTimer(d, f, dummy.WithName("t"))
			},
			zeroTimer: new(dummy.Timer),
			local:     new(dummy.Local[int]),
		},
	}
}

// A record is what came of the calls, in their order.
type record struct {
	what []string
	errs []error
}

func (r *record) add(what string, err error) {
	r.what = append(r.what, what)
	r.errs = append(r.errs, err)
}

var errCause = errors.New("cause")

// play makes calls that need not wait, most of them wrong ones.
func (k *kit) play(t *testing.T) *record {
	r := new(record)
	none := context.Background()
	me, leave := k.adopt(none)
	other, leaveOther := k.adopt(none)
	defer leaveOther()
	ended, cancel := context.WithCancelCause(me)
	cancel(errCause)
	yes, no := func() bool { return true }, func() bool { return false }

	r.add("Release of a free Lock", k.lock.Release())
	r.add("Acquire, context ended", k.lock.Acquire(ended))
	r.add("Acquire of a held one, context ended", k.lock.Acquire(ended))
	r.add("Release", k.lock.Release())

	r.add("RLock Acquire, no thread", k.rlock.Acquire(none))
	r.add("RLock Release, no thread", k.rlock.Release(none))
	r.add("Release of a free RLock", k.rlock.Release(me))
	_, err := k.rlock.TryAcquire(none)
	r.add("RLock TryAcquire, no thread", err)
	r.add("RLock Acquire", k.rlock.Acquire(me))
	r.add("RLock Acquire, context ended", k.rlock.Acquire(ended))
	r.add("RLock Release by another", k.rlock.Release(other))
	r.add("RLock Release", k.rlock.Release(me))
	r.add("RLock Release", k.rlock.Release(me))
	r.add("RLock Release", k.rlock.Release(me))

	for _, c := range k.conditions {
		for _, held := range []bool{false, true} {
			if held {
				r.add("Acquire", c.Acquire(me))
			}
			for _, ctx := range []context.Context{none, other, ended} {
				if !held || ctx == ended {
					r.add("Wait", c.Wait(ctx))
				}
				r.add("WaitFor", c.WaitFor(ctx, yes))
				if !held || ctx == ended {
					r.add("WaitFor", c.WaitFor(ctx, no))
				}
				r.add("Notify", c.Notify(ctx, -1))
				r.add("NotifyAll", c.NotifyAll(ctx))
			}
			r.add("Release", c.Release(me))
		}
	}

	for _, make := range []func(int) (semaphore, error){k.semaphore, k.bounded} {
		for _, n := range []int{-1, math.MinInt, math.MaxInt} {
			_, err := make(n)
			r.add("new semaphore", err)
		}
		s, err := make(0)
		r.add("new semaphore", err)
		r.add("Acquire, context ended", s.Acquire(ended))
		r.add("Release", s.Release())
		for _, n := range []int{0, -1, math.MinInt, math.MaxInt} {
			if n != math.MaxInt32 { // all that fits into 32 bits is not too many
				r.add("ReleaseN", s.ReleaseN(n))
			}
		}
	}

	r.add("event Wait, context ended", k.event.Wait(ended))
	k.event.Set()
	r.add("event Wait", k.event.Wait(ended))
	k.event.Clear()
	r.add("event Wait", k.event.Wait(ended))

	barrierWait := func(what string, b barrier, ctx context.Context) {
		i, err := b.Wait(ctx)
		r.add(what, err)
		if i != -1 {
			r.add(what+" has an index", nil)
		}
		if b.Broken() {
			r.add(what+" left it broken", nil)
		}
	}
	barrierWait("zero barrier", k.zeroBarrier, me)
	for _, n := range []int{0, -1} {
		_, err := k.barrier(n)
		r.add("new barrier", err)
	}
	b, _ := k.barrier(2)
	barrierWait("Wait, context ended", b, ended)
	barrierWait("Wait at a broken one", b, me)
	b.Reset()
	b.Abort()
	barrierWait("Wait at an aborted one", b, me)
	b, _ = k.limited(2)
	barrierWait("Wait without time", b, me)
	for _, do := range []func(){func() {}, func() { b.Abort() }, func() { b.Reset() }} {
		for _, err := range []error{nil, io.EOF} {
			b, _ = k.acting(1, func() error { do(); return err })
			barrierWait("Wait, action", b, ended)
			barrierWait("Wait, action again", b, me)
		}
	}

	zero := k.zeroThread(me)
	for _, t := range []thread{zero, k.zeroTimer} {
		r.add("zero Start", t.Start(me))
		r.add("zero Run", t.Run(me))
		if t == zero {
			r.add("zero Join", t.Join(me))
			r.add("zero SetDaemon", t.SetDaemon(true))
		}
	}
	r.add("Join of an adopted one", k.current(me).Join(other))
	r.add("Start of an adopted one", k.current(me).Start(other))
	for _, make := range []func(func(context.Context) error) thread{k.thread, func(f func(context.Context) error) thread { return k.timer(0, f) }} {
		var th thread
		var self error
		th = make(func(ctx context.Context) error {
			self = th.Join(ctx)
			return threading.ErrExit
		})
		r.add("Join before Start", th.Join(me))
		r.add("SetDaemon", th.SetDaemon(false))
		r.add("Start", th.Start(me))
		r.add("Join", th.Join(me))
		r.add("Join of oneself", self)
		r.add("Join", th.Join(ended))
		r.add("Err", th.Err())
		r.add("Start again", th.Start(me))
		r.add("Run", th.Run(me))
		r.add("SetDaemon", th.SetDaemon(false))
		th = make(func(ctx context.Context) error { return ctx.Err() })
		r.add("Run", th.Run(none))
		r.add("Start after Run", th.Start(me))
		r.add("Join after Run", th.Join(me))
	}
	th := k.thread(func(ctx context.Context) error { return context.Cause(ctx) })
	r.add("Start, context ended", th.Start(ended))
	r.add("Join", th.Join(me))
	r.add("Err", th.Err())
	th = k.timer(time.Hour, nil)
	r.add("Start of a timer, context ended", th.Start(ended))
	r.add("Join", th.Join(me))
	r.add("Err", th.Err())
	r.add("Run of a timer, context ended", k.timer(time.Hour, nil).Run(ended))

	r.add("Store, no thread", k.local.Store(none, 1))
	r.add("Delete, no thread", k.local.Delete(none))
	r.add("Store", k.local.Store(me, 1))
	r.add("Delete", k.local.Delete(me))
	leave()
	r.add("Store, thread ended", k.local.Store(me, 1))
	return r
}

// The errors of both packages are the same where nobody waits.
func TestSameErrors(t *testing.T) {
	leak.Check(t)
	all := kits()
	want, got := all["threading"].play(t), all["dummy"].play(t)
	if len(want.what) != len(got.what) {
		t.Errorf("%d calls and %d", len(want.what), len(got.what))
	}
	targets := []error{errCause, context.Canceled, context.DeadlineExceeded, io.EOF,
		threading.ErrThread, threading.ErrNoThread, threading.ErrNotLocked, threading.ErrNotOwner, threading.ErrAlreadyStarted,
		threading.ErrNotStarted, threading.ErrNotInitialized, threading.ErrJoinSelf, threading.ErrJoinDummy, threading.ErrNegativeValue,
		threading.ErrTooManyPermits, threading.ErrReleaseCount, threading.ErrReleasedTooOften, threading.ErrParties,
		threading.ErrBrokenBarrier, threading.ErrExit, threading.ErrWouldDeadlock,
	}
	for i := range min(len(want.what), len(got.what)) {
		w, g := want.errs[i], got.errs[i]
		if want.what[i] != got.what[i] || (w == nil) != (g == nil) {
			t.Fatalf("call %d: %s: %v; %s: %v", i, want.what[i], w, got.what[i], g)
		}
		for _, target := range targets {
			// That a deadline would have been waited for in vain is more than threading knows.
			if errors.Is(w, target) != errors.Is(g, target) && target != threading.ErrWouldDeadlock &&
				!(target == threading.ErrThread && errors.Is(g, threading.ErrWouldDeadlock)) {
				t.Errorf("call %d, %s: threading %v, dummy %v: only one matches %v", i, want.what[i], w, g, target)
			}
		}
	}
}
