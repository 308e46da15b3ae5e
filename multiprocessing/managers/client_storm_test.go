package managers

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/queue"
)

// clientTimes is how much a test is to do: more with CONEX_STRESS.
func clientTimes(n int) int {
	if os.Getenv("CONEX_STRESS") != "" {
		return 20 * n
	}
	return n
}

// Items are got and put by calls that are cancelled at any moment. None may be
// lost, none come twice.
func TestClientCancelStorm(t *testing.T) {
	leak.Check(t)
	clientEach(t, func(t *testing.T, m *Manager) {
		q, err := NewQueue[int](t.Context(), m, 3)
		clientMust(t, err)
		defer q.Close()
		total := clientTimes(300)
		if !m.native {
			total /= 3
		}
		all, fail := context.WithTimeout(t.Context(), time.Minute)
		defer fail()
		// The more often in vain the longer: however slow the machine is, some calls
		// get through.
		short := func(vain int) (context.Context, context.CancelFunc) {
			return context.WithTimeout(all, time.Duration(rand.IntN(2000*(1+vain)))*time.Microsecond)
		}
		next := make(chan int)
		go func() {
			defer close(next)
			for i := range total {
				next <- i
			}
		}()
		var putters, getters sync.WaitGroup
		for range 4 {
			putters.Go(func() {
				for i := range next {
					for vain := 0; ; vain++ {
						ctx, cancel := short(vain)
						err := q.Put(ctx, i)
						cancel()
						if err == nil {
							break
						}
						if !errors.Is(err, queue.ErrFull) || errors.Is(err, ErrUnknownOutcome) || all.Err() != nil {
							if all.Err() == nil {
								t.Error("Put:", err)
							}
							fail()
							break
						}
					}
				}
			})
		}
		var mu sync.Mutex
		got := map[int]int{}
		done := make(chan struct{})
		for range 4 {
			getters.Go(func() {
				for vain := 0; ; vain++ {
					ctx, cancel := short(vain)
					v, err := q.Get(ctx)
					cancel()
					switch {
					case err == nil:
						vain = 0
						mu.Lock()
						got[v]++
						mu.Unlock()
					case !errors.Is(err, queue.ErrEmpty) || errors.Is(err, ErrUnknownOutcome):
						t.Error("Get:", err)
						fail()
						return
					default:
						select {
						case <-done:
							return
						default:
						}
					}
				}
			})
		}
		putters.Wait()
		if all.Err() != nil {
			t.Error("the calls have not got through in a minute")
		}
		// What is still there is got by who looks once more, all at a time.
		close(done)
		getters.Wait()
		for {
			v, err := q.TryGet(t.Context())
			if errors.Is(err, queue.ErrEmpty) {
				break
			}
			clientMust(t, err)
			got[v]++
		}
		for i := range total {
			if got[i] != 1 {
				t.Errorf("item %d was got %s", i, strconv.Itoa(got[i])+" times")
			}
		}
	})
}

// A lock is taken by calls that are cancelled at any moment. It must never be
// held by nobody.
func TestClientLockStorm(t *testing.T) {
	leak.Check(t)
	clientEach(t, func(t *testing.T, m *Manager) {
		l, err := NewLock(t.Context(), m)
		clientMust(t, err)
		defer l.Close()
		n, held := 0, 0
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range clientTimes(40) {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(2000))*time.Microsecond)
					err := l.Acquire(ctx)
					cancel()
					if err != nil {
						if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrUnknownOutcome) {
							t.Error("Acquire:", err)
						}
						continue
					}
					if held++; held != 1 {
						t.Error("two have the lock")
					}
					n++
					held--
					if err := l.Release(t.Context()); err != nil {
						t.Error("Release:", err)
					}
				}
			})
		}
		wg.Wait()
		clientGot(t, "TryAcquire at the end", true)(l.TryAcquire(t.Context()))
		t.Logf("taken %d times", n)
	})
}
