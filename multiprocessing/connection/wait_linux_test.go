package connection_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing/connection"
)

func TestWait(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 20*time.Second)
	a, b := pipe(t)
	c, d := pipe(t)
	done := make(chan struct{})
	end := connection.Sentinel(done)
	objs := []connection.Waitable{a, end, b, c, d}
	expect := func(want ...connection.Waitable) {
		t.Helper()
		for _, ctx := range []context.Context{ctx, over()} {
			got, err := connection.Wait(ctx, objs...)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("got %v, %v; want %v", got, err, want)
			}
		}
	}
	if got, err := connection.Wait(ctx); got != nil || err != nil {
		t.Errorf("Wait for nothing: %v, %v", got, err)
	}
	if _, err := connection.Wait(ctx, a, nil); err == nil {
		t.Error("waited for nil")
	}
	if got, err := connection.Wait(over(), objs...); got != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", got, err)
	}
	short, cancel := context.WithTimeout(ctx, 3*time.Millisecond)
	defer cancel()
	if got, err := connection.Wait(short, objs...); got != nil || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, %v", got, err)
	}
	// Each becomes ready while somebody waits.
	for _, step := range []struct {
		do   func()
		want []connection.Waitable
	}{
		{func() { connection.Send(ctx, d, 1) }, []connection.Waitable{c}},
		{func() { close(done) }, []connection.Waitable{end, c}},
		{func() { b.SendBytes(ctx, nil) }, []connection.Waitable{a, end, c}},
		{func() { connection.Recv[int](ctx, c); c.Close() }, []connection.Waitable{a, end, c, d}},
		{func() { b.Close() }, []connection.Waitable{a, end, b, c, d}},
	} {
		step.do()
		expect(step.want...)
	}
}

func TestWaitWakes(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 30*time.Second)
	for i, act := range []func(a, b *connection.Connection, done chan struct{}){
		func(a, b *connection.Connection, done chan struct{}) { b.SendBytes(ctx, []byte("x")) },
		func(a, b *connection.Connection, done chan struct{}) { b.SendBytes(ctx, make([]byte, 1<<20)) },
		func(a, b *connection.Connection, done chan struct{}) { b.Close() },
		func(a, b *connection.Connection, done chan struct{}) { a.Close() },
		func(a, b *connection.Connection, done chan struct{}) { close(done) },
	} {
		for pause := range 4 {
			a, b := pipe(t)
			other, _ := pipe(t)
			done := make(chan struct{})
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					got, err := connection.Wait(ctx, other, connection.Sentinel(done), a)
					if len(got) != 1 || err != nil {
						t.Errorf("%d: got %v, %v", i, got, err)
					}
				})
			}
			time.Sleep(time.Duration(pause*pause) * time.Millisecond)
			act(a, b, done)
			wg.Wait()
		}
	}
}

// Thousands of ends are waited for at once with a few threads.
func TestWaitMany(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 50*time.Second)
	n := 1000
	if testing.Short() {
		n = 100
	}
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		t.Fatal(err)
	}
	n = min(n, int(min(lim.Cur, 1<<20)-100)/4) // three descriptors for each pipe
	var ends []connection.Waitable
	var others []*connection.Connection
	for range n {
		a, b, err := connection.OneWayPipe()
		if err != nil {
			t.Fatal(err)
		}
		ends, others = append(ends, a), append(others, b)
	}
	before := threads(t)
	var most int
	for range 10 {
		i := rand.IntN(n)
		done := make(chan struct{})
		go func() {
			defer close(done)
			got, err := connection.Wait(ctx, ends...)
			if err != nil || len(got) != 1 || got[0] != ends[i] {
				t.Errorf("got %v, %v", got, err)
			}
		}()
		time.Sleep(5 * time.Millisecond)
		most = max(most, threads(t))
		others[i].SendBytes(ctx, []byte("x"))
		<-done
		ends[i].(*connection.Connection).RecvBytes(ctx)
	}
	if most > before+60 {
		t.Errorf("%d threads wait for %d ends, %d did before", most, n, before)
	}
	for i, e := range ends {
		others[i].Close()
		e.(*connection.Connection).Close()
	}
}

func threads(t *testing.T) int {
	list, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// CPython's test_wait and test_wait_slow: four writers, ten messages each.
func TestWaitWriters(t *testing.T) {
	leak.Check(t)
	for _, pause := range []time.Duration{0, 5 * time.Millisecond} {
		ctx := within(t, 30*time.Second)
		var readers []connection.Waitable
		for id := range 4 {
			r, w, err := connection.OneWayPipe()
			if err != nil {
				t.Fatal(err)
			}
			closes(t, r)
			futures.Submit(ctx, newPool(t), writer, writerJob{w, id, pause})
			w.Close()
			readers = append(readers, r)
		}
		var got [4]int
		for len(readers) > 0 {
			ready, err := connection.Wait(ctx, readers...)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range ready {
				m, err := connection.Recv[[2]int](ctx, r.(*connection.Connection))
				if err == io.EOF {
					readers = slices.DeleteFunc(readers, func(x connection.Waitable) bool { return x == r })
					continue
				}
				if err != nil || m[0] != got[m[1]] {
					t.Fatalf("got %v, %v", m, err)
				}
				got[m[1]]++
			}
		}
		if got != [4]int{10, 10, 10, 10} {
			t.Errorf("got %v", got)
		}
	}
}
