package dummy

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := Adopt(t.Context())
		defer leave()
		const d = time.Hour
		var fired time.Duration
		begin := time.Now()
		f := func(ctx context.Context) error { fired = time.Since(begin); return nil }

		tm := NewTimer(d, f, WithName("alarm"))
		check(t, "Start", tm.Start(ctx), nil)
		if fired != d || tm.Alive() || tm.Cancel() || tm.String() != "<Timer(alarm, stopped daemon 1)>" {
			t.Errorf("fired after %v; %v", fired, tm)
		}
		check(t, "Join", tm.Join(ctx), nil)
		check(t, "Start again", tm.Start(ctx), ErrAlreadyStarted)

		fired = -1
		for _, now := range []time.Duration{0, -d} {
			begin = time.Now()
			check(t, "Start", NewTimer(now, f).Start(ctx), nil)
			if fired != 0 {
				t.Errorf("a timer of %v fired after %v", now, fired)
			}
		}
		check(t, "Start of nothing", NewTimer(d, nil).Start(ctx), nil)

		fired = -1
		tm = NewTimer(d, f)
		if !tm.Cancel() || tm.Cancel() {
			t.Error("Cancel")
		}
		begin = time.Now()
		check(t, "Start of a cancelled one", tm.Start(ctx), nil)
		check(t, "Err of a cancelled one", tm.Err(), nil)

		tm = NewTimer(d, f)
		go func() {
			time.Sleep(d / 2)
			if !tm.Cancel() || tm.Cancel() {
				t.Error("Cancel")
			}
		}()
		check(t, "Start, cancelled meanwhile", tm.Start(ctx), nil)

		limited, cancel := context.WithTimeoutCause(ctx, d/2, errCause)
		defer cancel()
		tm = NewTimer(d, f)
		check(t, "Start, context ends", tm.Start(limited), nil)
		check(t, "Err", tm.Err(), context.DeadlineExceeded)
		check(t, "Err", tm.Err(), errCause)
		if took := time.Since(begin); took != d || fired != -1 || tm.Cancel() {
			t.Errorf("took %v, fired after %v", took, fired)
		}

		begin = time.Now()
		check(t, "Run", NewTimer(d, f).Run(ctx), nil)
		if fired != d {
			t.Errorf("Run fired after %v", fired)
		}
		check(t, "Run, context ended", NewTimer(d, f).Run(limited), context.DeadlineExceeded)
		check(t, "Run of what was started", tm.Run(ctx), ErrAlreadyStarted)
		var zero Timer
		check(t, "zero Start", zero.Start(ctx), ErrNotInitialized)
		check(t, "zero Run", zero.Run(ctx), ErrNotInitialized)
		if zero.Cancel() {
			t.Error("zero Cancel")
		}
	})
}
