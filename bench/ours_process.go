package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
)

// numbers is the input of the map cases.
func numbers(n int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// inc is one call's round trip.
func inc(ex futures.Executor, i int) (int, error) {
	ctx := context.Background()
	return futures.Submit(ctx, ex, incFunc, i).Result(ctx)
}

// submitAll submits n tasks, a future each, and then reads all results in order.
func submitAll[A, R any](ex futures.Executor, fn futures.Callable[A, R], n int, arg func(i int) A, result func(i int, r R) error) error {
	ctx := context.Background()
	fs := make([]*futures.Future[R], n)
	for i := range fs {
		fs[i] = futures.Submit(ctx, ex, fn, arg(i))
	}
	for i, f := range fs {
		r, err := f.Result(ctx)
		if err != nil {
			return err
		}
		if err := result(i, r); err != nil {
			return err
		}
	}
	return nil
}

func submitInts(s meter.Spec) (meter.Figure, error) {
	return withPool(s, process.Config{}, func(pool *process.Pool) (meter.Figure, error) {
		return meter.Bulk(s.N, meter.SumInc, func(n int) (sum int, err error) {
			err = submitAll(pool, incFunc, n, func(i int) int { return i }, func(_, r int) error {
				sum += r
				return nil
			})
			return sum, err
		})
	})
}

// record is an argument as they are in life: a few fields of different kinds.
type record struct {
	ID     int
	Score  float64
	Name   string
	Counts []int
	Done   bool
	When   time.Time
}

func submitRecords(s meter.Spec) (meter.Figure, error) {
	counts := []int{1, 1, 2, 3, 5, 8, 13, 21}
	when := time.Date(2024, 2, 29, 12, 30, 0, 0, time.UTC)
	same := func(i int, r record) bool {
		return r.ID == i && r.Score == 2.5 && r.Name == "sixteen-letters!" && r.Done && slices.Equal(r.Counts, counts) &&
			r.When.Equal(when)
	}
	return withPool(s, process.Config{}, func(pool *process.Pool) (meter.Figure, error) {
		return meter.Bulk(s.N, meter.SumInc, func(n int) (sum int, err error) {
			err = submitAll(pool, recordFunc, n, func(i int) record {
				return record{i, 2.5, "sixteen-letters!", counts, true, when}
			}, func(i int, r record) error {
				sum += r.ID + 1
				if !same(i, r) {
					return fmt.Errorf("wrong result: %+v for record %d", r, i)
				}
				return nil
			})
			return sum, err
		})
	})
}

func mapProcess(s meter.Spec) (meter.Figure, error) {
	return withPool(s, process.Config{}, func(pool *process.Pool) (meter.Figure, error) {
		return meter.Bulk(s.N, meter.SumInc, func(n int) (int, error) { return mapSum(pool, incFunc, n) })
	})
}

// mapSum maps the numbers below n and returns the sum of the results.
func mapSum(ex futures.Executor, fn futures.Callable[int, int], n int) (sum int, err error) {
	for r, err := range futures.Map(context.Background(), ex, fn, numbers(n)) {
		if err != nil {
			return sum, err
		}
		sum += r
	}
	return sum, nil
}

func callHotOurs(s meter.Spec) (meter.Figure, error) {
	return withPool(s, process.Config{}, func(pool *process.Pool) (meter.Figure, error) {
		return meter.Calls(s, s.N/10, func(i int) (time.Duration, error) {
			return meter.Timed(i, func(i int) (int, error) { return inc(pool, i) })
		})
	})
}

// idleSpell is how long nothing happens before each call of the idle cases.
const idleSpell = time.Second

func callIdleOurs(s meter.Spec) (meter.Figure, error) {
	return withPool(s, process.Config{}, func(pool *process.Pool) (meter.Figure, error) {
		return meter.Calls(s, 1, func(i int) (time.Duration, error) {
			time.Sleep(idleSpell)
			return meter.Timed(i, func(i int) (int, error) { return inc(pool, i) })
		})
	})
}

// grainOurs returns nanoseconds per task of busy work.
func grainOurs(s meter.Spec) (meter.Figure, error) {
	want := meter.Busy(s.Arg)
	count := func(n int) int { return n }
	return withPool(s, process.Config{}, func(pool *process.Pool) (meter.Figure, error) {
		return meter.Bulk(s.N, count, func(n int) (right int, err error) {
			err = submitAll(pool, busyFunc, n, func(int) int { return s.Arg }, func(_ int, r uint64) error {
				if r != want {
					return errors.New("wrong result")
				}
				right++
				return nil
			})
			return right, err
		})
	})
}

// bigBytes sends 100 MiB there and back and returns bytes per second, both ways counted.
func bigBytes(s meter.Spec) (meter.Figure, error) {
	arg := make([]byte, bigSize)
	for i := range arg {
		arg[i] = byte(i >> 8)
	}
	ctx := context.Background()
	return withPool(s, process.Config{}, func(pool *process.Pool) (meter.Figure, error) {
		const warm = 3
		var spent time.Duration
		for i := range warm + s.N {
			start := time.Now()
			back, err := futures.Submit(ctx, pool, echoFunc, arg).Result(ctx)
			took := time.Since(start)
			if err != nil {
				return meter.Figure{}, err
			}
			if !bytes.Equal(back, arg) {
				return meter.Figure{}, errors.New("wrong result")
			}
			if i >= warm {
				spent += took
			}
		}
		return meter.Figure{Value: 2 * bigSize * float64(s.N) / spent.Seconds(), N: s.N}, nil
	})
}
