package threading

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// dump returns the report.
func dump(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	if err := DumpWaiters(&b); err != nil {
		t.Error(err)
	}
	return b.String()
}

// Every kind of wait is in the report, by its kind and thread, with the place
// in the program it was begun from; and so are holders, however they took the
// lock and however it is released.
func TestDumpWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if SetTracking(true) || !SetTracking(true) {
			t.Fatal("was on")
		}
		defer SetTracking(false)
		var l Lock
		var r RLock
		var e Event
		s, _ := NewSemaphore(0)
		u, _ := NewBoundedSemaphore(0)
		b := newBarrier(t, 2)
		c, cr := NewCondition(&l), new(Condition)

		holder := asThread(context.Background(), "holder")
		wait := func(name string, f func(ctx context.Context) error) {
			for i, ctx := range []context.Context{context.Background(), t.Context()} {
				ctx := asThread(ctx, name+fmt.Sprint(i))
				go f(ctx)
				synctest.Wait()
			}
		}
		waits := func(c *Condition) func(context.Context) error {
			return func(ctx context.Context) error { return c.With(ctx, c.Wait) }
		}
		wait("condition", waits(c))
		wait("own", waits(cr))
		if err := errors.Join(l.Acquire(holder), r.Acquire(holder), r.Acquire(holder)); err != nil {
			t.Fatal(err)
		}
		wait("lock", l.Acquire)
		wait("rlock", func(ctx context.Context) error { return errors.Join(r.Acquire(ctx), r.Release(ctx)) })
		wait("event", e.Wait)
		wait("semaphore", s.Acquire)
		wait("bounded", u.Acquire)
		go func() { b.Wait(asThread(context.Background(), "barrier0")) }()
		synctest.Wait()

		out := dump(t)
		for _, want := range []string{
			"15 waiting, 2 held\n",
			fmt.Sprintf("threading.Lock %p held by holder for 0s, taken at\n", &l),
			fmt.Sprintf("threading.RLock %p held by holder for 0s, taken at\n", &r),
			"    lock0 waits for it for 0s at\n", "    lock1 waits for it for 0s at\n",
			"    rlock0 waits for it", "    rlock1 waits for it",
			fmt.Sprintf("threading.Condition %p waited for by condition0 for 0s at\n", c),
			fmt.Sprintf("threading.Condition %p waited for by own1 for 0s at\n", cr),
			fmt.Sprintf("threading.Event %p waited for by event0", &e), "waited for by event1",
			fmt.Sprintf("threading.Semaphore %p waited for by semaphore0", s), "waited for by semaphore1",
			fmt.Sprintf("threading.BoundedSemaphore %p waited for by bounded0", u), "waited for by bounded1",
			fmt.Sprintf("threading.Barrier %p waited for by barrier0", b),
			"TestDumpWaiters",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("no %q in\n%s", want, out)
			}
		}
		if strings.Contains(out, "deadlock") {
			t.Errorf("a deadlock in\n%s", out)
		}

		// All go on, and are forgotten; the new holders are known, though
		// they were handed the lock or took it back after a wait.
		if err := errors.Join(c.NotifyAll(holder), r.Release(holder), l.Release()); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if out := dump(t); !strings.Contains(out, "threading.Lock "+fmt.Sprintf("%p", &l)+" held by lock0 ") || !strings.Contains(out, "held by holder") {
			t.Errorf("holders in\n%s", out)
		}
		r.Release(holder)
		cr.With(holder, func(ctx context.Context) error { return cr.NotifyAll(ctx) })
		e.Set()
		s.ReleaseN(2)
		u.gate.release(2, 2)
		b.Abort()
		for l.Locked() {
			l.Release()
			synctest.Wait()
		}
		synctest.Wait()
		if out := dump(t); !strings.HasPrefix(out, "0 waiting, ") || strings.Contains(out, "threading.Lock ") {
			t.Errorf("at the end\n%s", out)
		}
	})
}

// What was held before tracking began can be released, and what is held when
// it ends.
func TestTrackingSwitched(t *testing.T) {
	var l Lock
	var r RLock
	ctx := asThread(context.Background(), "main")
	for _, before := range []bool{false, true} {
		defer SetTracking(SetTracking(before))
		l.Acquire(ctx)
		r.Acquire(ctx)
		SetTracking(!before)
		if l.TryAcquire() || !l.Locked() || !r.OwnedBy(ctx) {
			t.Error("not held")
		}
		if err := errors.Join(l.Release(), r.Release(ctx)); err != nil {
			t.Error(err)
		}
		if l.Lock(); !l.Locked() {
			t.Error("not locked")
		}
		l.Unlock()
		if !l.TryLock() || l.Release() != nil || l.state.Load() != 0 || r.gate.state.Load() != 0 {
			t.Errorf("states %b, %b", l.state.Load(), r.gate.state.Load())
		}
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.ErrUnsupported }

func TestDumpWaitersFails(t *testing.T) {
	if err := DumpWaiters(failing{}); err != errors.ErrUnsupported {
		t.Error(err)
	}
}

// Long waits are reported when they are over, short ones not, and what was
// waited for may be used.
func TestSetSlowWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l Lock
		var e Event
		c := NewCondition(&l)
		b := newBarrier(t, 2)
		var got []string
		SetSlowWait(time.Second, func(w SlowWait) {
			if w.Waited < time.Second {
				t.Errorf("%+v", w)
			}
			top, _ := runtime.CallersFrames(w.Stack).Next()
			kind, _, _ := strings.Cut(top.Function[strings.LastIndex(top.Function, "/")+1:], ").")
			got = append(got, w.Kind+" "+w.Thread.Name()+" "+kind)
			switch x := w.Object.(type) {
			case *Lock:
				x.Locked()
			case *Condition:
				if !x.lock.TryAcquire() {
					t.Error("the lock is held during the call")
				} else {
					x.lock.Release()
				}
			case *Barrier:
				x.Abort()
			}
		})
		defer SetSlowWait(0, nil)
		ctx := asThread(context.Background(), "main")
		for _, d := range []time.Duration{time.Second - 1, time.Minute} {
			ctx, stop := context.WithTimeout(ctx, d)
			e.Wait(ctx)
			stop()
			ctx, stop = context.WithTimeout(asThread(context.Background(), "main"), d)
			c.With(ctx, c.Wait)
			stop()
			ctx, stop = context.WithTimeout(asThread(context.Background(), "main"), d)
			l.Lock()
			l.Acquire(ctx)
			l.Unlock()
			stop()
			ctx, stop = context.WithTimeout(asThread(context.Background(), "main"), d)
			b.Wait(ctx)
			b.Reset()
			stop()
		}
		SetSlowWait(0, nil)
		end, stop := context.WithTimeout(ctx, time.Hour)
		defer stop()
		e.Wait(end)
		want := []string{"threading.Event main threading.(*Event", "threading.Condition main threading.(*Condition",
			"threading.Lock main threading.(*Lock", "threading.Barrier main threading.(*Barrier"}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got %q\nwant %q", got, want)
		}
	})
}
