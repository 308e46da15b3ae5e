//go:build linux

package multiprocessing_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/handle"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/threading"
)

// stepLocks adds one to two numbers under each lock, one after the other, for
// ever, and counts its own turns.
var stepLocks = conex.Register("test/lock/step", func(ctx context.Context, j lockJob) (int, error) {
	for range 3 {
		go func() {
			ctx, leave := threading.Adopt(ctx)
			defer leave()
			for {
				if err := step(ctx, j.Board, 10, j.Locks[0].Acquire, func(context.Context) error { return j.Locks[0].Release() }); err != nil {
					panic(err)
				}
				if err := step(ctx, j.Board, 20, j.RLocks["it"].Acquire, j.RLocks["it"].Release); err != nil {
					panic(err)
				}
				j.Board.at(j.N).Add(1)
			}
		}()
	}
	<-ctx.Done()
	select {}
})

// step repairs the numbers at i and i+1 if a holder of the lock has died, and
// finds it wrong that they differ else.
func step(ctx context.Context, b *board, i int, acquire, release func(context.Context) error) error {
	err := acquire(ctx)
	x, y := b.at(i), b.at(i+1)
	switch {
	case errors.Is(err, multiprocessing.ErrOwnerDied):
		y.Store(x.Load())
	case err != nil:
		return err
	case x.Load() != y.Load():
		return errors.New("nobody has died, and the numbers differ")
	}
	x.Add(1)
	y.Add(1)
	return release(ctx)
}

// Holders and waiters of locks are killed and stopped at random.
func TestLockChaos(t *testing.T) {
	leak.Check(t)
	j := lockJob{
		Locks:  []*multiprocessing.Lock{must(multiprocessing.NewLock())},
		RLocks: map[string]*multiprocessing.RLock{"it": must(multiprocessing.NewRLock())},
		Board:  newBoard(t),
	}
	start := func(i int) *multiprocessing.Process {
		j.N = i
		return spawn(t, stepLocks.Bind(j))
	}
	ps := []*multiprocessing.Process{start(0), start(1), start(2)}
	for k := range kills(12) {
		time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond)
		i := k % 3
		if k%4 == 3 {
			pid, _ := ps[i].PID()
			syscall.Kill(pid, syscall.SIGSTOP)
			time.Sleep(time.Duration(rand.IntN(1000)) * time.Microsecond)
		}
		kill(t, ps[i])
		others := [2]int{(i + 1) % 3, (i + 2) % 3}
		before := [2]int64{j.Board.at(others[0]).Load(), j.Board.at(others[1]).Load()}
		for n, o := range others {
			eventually(t, "the others go on", func() bool { return j.Board.at(o).Load() > before[n] })
		}
		ps[i] = start(i)
	}
	for _, p := range ps {
		kill(t, p)
	}
	ctx := thread(t)
	for i, err := range []error{
		step(ctx, j.Board, 10, j.Locks[0].Acquire, func(context.Context) error { return j.Locks[0].Release() }),
		step(ctx, j.Board, 20, j.RLocks["it"].Acquire, j.RLocks["it"].Release),
	} {
		if x, y := j.Board.at(10*(i+1)).Load(), j.Board.at(10*(i+1)+1).Load(); err != nil || x != y {
			t.Errorf("%d and %d: %v", x, y, err)
		}
	}
}

// waitForLock has many goroutines wait for a lock.
var waitForLock = conex.Register("test/lock/wait", func(ctx context.Context, j lockJob) (int, error) {
	done := make(chan error)
	for range j.N {
		go func() {
			j.Board.at(0).Add(1)
			done <- j.Locks[0].With(ctx, func(context.Context) error { return nil })
		}()
	}
	var err error
	for range j.N {
		err = errors.Join(err, <-done)
	}
	return 0, err
})

func TestLockThreads(t *testing.T) {
	leak.Check(t)
	j := lockJob{Locks: []*multiprocessing.Lock{must(multiprocessing.NewLock())}, Board: newBoard(t), N: 2000}
	j.Locks[0].Acquire(t.Context())
	p := spawn(t, waitForLock.Bind(j))
	eventually(t, "all wait", func() bool { return j.Board.at(0).Load() == int64(j.N) })
	pid, _ := p.PID()
	if n := threads(t, pid); n > 20 {
		t.Errorf("%d threads", n)
	}
	j.Locks[0].Release()
	join(t, p)
}

// sent is what another process would read.
func sent(t testing.TB, h codec.Handle) *codec.Decoder {
	t.Helper()
	var e codec.Encoder
	if err := h.AppendHandle(&e); err != nil {
		t.Fatal(err)
	}
	return &codec.Decoder{Buf: e.Buf, Handles: func(i uint64) (any, error) {
		if i >= uint64(len(e.Handles)) {
			return nil, errors.New("no such handle")
		}
		return e.Handles[i], nil
	}}
}

// Another program writes nonsense into the memory: nothing crashes, and nothing
// waits longer than its context.
func TestLockGarbage(t *testing.T) {
	leak.Check(t)
	for n := range 40 {
		l, r := must(multiprocessing.NewLock()), must(multiprocessing.NewRLock())
		e, b, c := must(multiprocessing.NewEvent()), must(multiprocessing.NewBarrier(3)), must(multiprocessing.NewCondition(r))
		for _, h := range []codec.Handle{l, r, e, b, c} {
			mem := must(handle.Read(sent(t, h), 1)).Mem()
			for i := range mem {
				if mem[i] = byte(rand.Uint32()); n%2 == 0 {
					mem[i] &= 1 << rand.IntN(8) // few bits
				}
			}
		}
		ctx, cancel := context.WithTimeout(thread(t), 5*time.Millisecond)
		l.TryAcquire()
		l.Acquire(ctx)
		l.Release()
		r.Acquire(ctx)
		c.Notify(ctx, 5)
		c.Wait(ctx)
		c.NotifyAll(ctx)
		r.Release(ctx)
		e.Wait(ctx)
		e.Clear()
		e.Set()
		b.Wait(ctx)
		b.Abort()
		b.Reset()
		b.Wait(ctx)
		t.Log(l, r, b, c)
		cancel()
	}
}

// Whatever bytes arrive, they are refused or give something that works.
func FuzzLockHandles(f *testing.F) {
	b := must(multiprocessing.NewBarrier(3, multiprocessing.WithTimeout(0), multiprocessing.WithAction(barrierAction.Bind(actionJob{Do: "fail"}))))
	all := []codec.Handle{must(multiprocessing.NewLock()), must(multiprocessing.NewRLock()), must(multiprocessing.NewEvent()), b, must(multiprocessing.NewCondition(nil))}
	for i, h := range all {
		f.Add(byte(i), sent(f, h).Buf)
	}
	f.Fuzz(func(t *testing.T, kind byte, in []byte) {
		d := sent(t, all[int(kind)%len(all)])
		d.Buf = in
		switch kind % 5 {
		case 0:
			new(multiprocessing.Lock).ReadHandle(d)
		case 1:
			new(multiprocessing.RLock).ReadHandle(d)
		case 2:
			new(multiprocessing.Event).ReadHandle(d)
		case 3:
			if b := new(multiprocessing.Barrier); b.ReadHandle(d) == nil && b.Parties() < 1 {
				t.Error("a barrier without parties")
			}
		case 4:
			new(multiprocessing.Condition).ReadHandle(d)
		}
	})
}

var benchLock = conex.Register("test/lock/bench", func(ctx context.Context, j lockJob) (int, error) {
	for ctx.Err() == nil {
		for range 1000 {
			j.Locks[0].Acquire(ctx)
			j.Locks[0].Release()
		}
	}
	return 0, nil
})

func BenchmarkLock(b *testing.B) {
	l, r := must(multiprocessing.NewLock()), must(multiprocessing.NewRLock())
	ctx := thread(b)
	b.Run("Lock", func(b *testing.B) {
		for b.Loop() {
			l.Acquire(ctx)
			l.Release()
		}
	})
	b.Run("RLock", func(b *testing.B) {
		for b.Loop() {
			r.Acquire(ctx)
			r.Release(ctx)
		}
	})
	b.Run("RLock/nested", func(b *testing.B) {
		r.Acquire(ctx)
		defer r.Release(ctx)
		for b.Loop() {
			r.Acquire(ctx)
			r.Release(ctx)
		}
	})
	b.Run("contended", func(b *testing.B) {
		p := spawn(b, benchLock.Bind(lockJob{Locks: []*multiprocessing.Lock{l}}))
		bench(b, p, func() {
			l.Acquire(ctx)
			l.Release()
		})
		kill(b, p)
	})
}
