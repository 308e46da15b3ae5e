package threading

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/internal/leak"
)

func TestJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, _ := Go(t.Context(), func(ctx context.Context) error {
			if err := Current(ctx).Join(ctx); err != ErrJoinSelf {
				t.Errorf("Join of itself: %v", err)
			}
			time.Sleep(time.Hour)
			return errTest
		}, WithName("sleeper"))
		defer setExceptHook(func(ExceptHookArgs) {})()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := th.Join(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "sleeper") || !th.Alive() {
			t.Errorf("after a minute: %v, %v", err, th)
		}
		ctx, cancelCause := context.WithCancelCause(t.Context())
		cancelCause(errTest)
		if err := th.Join(ctx); !errors.Is(err, errTest) || !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		// From many goroutines at once, of which some give up.
		begin := time.Now()
		for i := range 20 {
			go func() {
				ctx, cancel := t.Context(), context.CancelFunc(func() {})
				if i%4 == 1 {
					ctx = context.Background()
				}
				if i%4 == 0 {
					ctx, cancel = context.WithTimeout(ctx, time.Second)
				}
				defer cancel()
				err := th.Join(ctx)
				if i%4 == 0 != errors.Is(err, context.DeadlineExceeded) || i%4 != 0 && (err != nil || time.Since(begin) < 59*time.Minute-time.Second) {
					t.Errorf("Join %d: %v after %v", i, err, time.Since(begin))
				}
			}()
		}
		synctest.Wait()
		time.Sleep(time.Hour)
		synctest.Wait()
		if err := th.Join(ctx); err != nil || th.Err() != errTest { // ctx is over
			t.Errorf("after the end: %v, %v", err, th.Err())
		}
	})
}

// Ends of threads race with the ends of the contexts of those who wait.
func TestJoinRace(t *testing.T) {
	leak.Check(t)
	before := ActiveCount()
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(7, uint64(g)))
			for range operations() / 40 {
				life, wait := time.Duration(r.IntN(30))*time.Microsecond, time.Duration(r.IntN(30))*time.Microsecond
				th, err := Go(context.Background(), func(context.Context) error { time.Sleep(life); return nil })
				if err != nil {
					t.Error(err)
					return
				}
				var joiners sync.WaitGroup
				for i := range 3 {
					joiners.Go(func() {
						ctx, cancel := context.Background(), context.CancelFunc(func() {})
						if i > 0 {
							ctx, cancel = context.WithTimeout(ctx, wait)
						}
						defer cancel()
						if err := th.Join(ctx); err != nil && (i == 0 || !errors.Is(err, context.DeadlineExceeded)) || err == nil && th.Alive() {
							t.Errorf("Join: %v, %v", err, th)
						}
					})
				}
				joiners.Wait()
			}
		})
	}
	all.Wait()
	if n := ActiveCount(); n != before {
		t.Errorf("%d threads are left", n-before)
	}
}
