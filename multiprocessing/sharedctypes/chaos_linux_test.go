package sharedctypes_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/leak"
	mp "github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/sharedctypes"
)

// pair has two numbers that are equal but while somebody changes them.
type pair struct{ A, B int64 }

type battlefield struct {
	N     *sharedctypes.Value[int64]
	Pair  *sharedctypes.Value[pair]
	Atom  *sharedctypes.RawValue[int64]
	Done  *sharedctypes.RawArray[int64] // what each has finished of N, of Pair, of Atom
	Fixed *sharedctypes.RawValue[int64] // repairs
	I     int
}

// fight counts for ever. After each count it says so, in its own place: what is
// counted and not said is one of a process that was killed.
var fight = conex.Register("test/sharedctypes/fight", func(ctx context.Context, b battlefield) (none, error) {
	var own [3]*sharedctypes.RawValue[int64]
	for i := range own {
		own[i], _ = b.Done.Elem(3*b.I + i)
	}
	for {
		_, err := b.N.Update(ctx, func(n int64) int64 { return n + 1 })
		switch {
		case err == nil:
			sharedctypes.Add(own[0], 1)
		case !errors.Is(err, mp.ErrOwnerDied):
			return none{}, err
		}
		err = b.Pair.Acquire(ctx)
		if err != nil && !errors.Is(err, mp.ErrOwnerDied) {
			return none{}, err
		}
		died := err != nil
		b.Pair.Obj().Use(func(p *pair) {
			if err = nil; p.A != p.B {
				if !died || p.A != p.B+1 {
					err = fmt.Errorf("%v, and it was said that a holder has died: %v", *p, died)
					return
				}
				p.B = p.A
				sharedctypes.Add(b.Fixed, 1)
			}
			p.A++
			for range 500 { // half done for most of the time
				b.Fixed.Load()
			}
			p.B++
		})
		if err := errors.Join(err, b.Pair.Release(ctx)); err != nil {
			return none{}, err
		}
		sharedctypes.Add(own[1], 1)
		sharedctypes.Add(b.Atom, 1)
		sharedctypes.Add(own[2], 1)
	}
})

// Processes are killed and stopped at any moment. The others go on, find what is
// half changed only when they were told that somebody died, and no count is
// lost, but for those that a killed process had made and not said.
func TestChaos(t *testing.T) {
	leak.Check(t)
	const n = 3
	kills := kills()
	ctx := within(t, time.Duration(60+kills)*time.Second)
	b := battlefield{
		N:     must[*sharedctypes.Value[int64]](t)(sharedctypes.NewValue[int64](0)),
		Pair:  must[*sharedctypes.Value[pair]](t)(sharedctypes.NewValue(pair{})),
		Atom:  must[*sharedctypes.RawValue[int64]](t)(sharedctypes.NewRawValue[int64](0)),
		Done:  must[*sharedctypes.RawArray[int64]](t)(sharedctypes.NewRawArray[int64](3 * n)),
		Fixed: must[*sharedctypes.RawValue[int64]](t)(sharedctypes.NewRawValue[int64](0)),
	}
	said := func(what int) (sum int64) {
		for i := range n {
			x, _ := b.Done.At(3*i + what)
			sum += x
		}
		return sum
	}
	var ps [n]*mp.Process
	start := func(i int) {
		b.I = i
		p, err := mp.Go(ctx, fight.Bind(b))
		if err != nil {
			t.Fatal(err)
		}
		ps[i] = p
	}
	end := func(i int) {
		ps[i].Kill()
		ps[i].Join(ctx)
		if code, _ := ps[i].ExitCode(); code != -int(syscall.SIGKILL) {
			t.Fatalf("ended by itself: %d, %v", code, ps[i].Err())
		}
	}
	for i := range n {
		start(i)
	}
	for k := range kills {
		i := rand.IntN(n)
		before := [n]int64{}
		for j := range before {
			before[j], _ = b.Done.At(3*j + 2)
		}
		if k%4 == 3 {
			pid, _ := ps[i].PID()
			syscall.Kill(pid, syscall.SIGSTOP)
		}
		time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond)
		end(i)
		start(i)
		for j := range before {
			for now := before[j]; now <= before[j]; now, _ = b.Done.At(3*j + 2) {
				if !ps[j].Alive() || ctx.Err() != nil {
					t.Fatalf("process %d goes on no more after %d kills: %v, %v", j, k, ps[j].Err(), ctx.Err())
				}
				time.Sleep(50 * time.Microsecond)
			}
		}
	}
	for i := range n {
		end(i)
	}
	// Whoever comes last may be told of a death, once.
	if _, err := b.N.Update(ctx, func(n int64) int64 { return n }); err != nil && !errors.Is(err, mp.ErrOwnerDied) {
		t.Error(err)
	}
	if _, err := b.N.Update(ctx, func(n int64) int64 { return n }); err != nil {
		t.Error(err)
	}
	p, err := b.Pair.Get(ctx)
	if err != nil {
		if p, err = b.Pair.Get(ctx); err != nil {
			t.Error(err)
		}
	}
	dead := int64(kills + n)
	for i, got := range []int64{b.N.Load(), p.A, b.Atom.Load()} {
		if want := said(i); got < want || got > want+dead {
			t.Errorf("%d: counted %d, said %d, with %d dead", i, got, want, dead)
		}
	}
	t.Logf("%d, %d and %d counts, %d repairs after %d kills", said(0), said(1), said(2), b.Fixed.Load(), dead)
}

// Update does nothing when it is told of a death, so that it can be repeated.
func TestUpdateAfterDeath(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 30*time.Second)
	for _, called := range []bool{false, true} {
		v := must[*sharedctypes.Value[int64]](t)(sharedctypes.NewValue[int64](1))
		p, err := mp.Go(ctx, dieInUpdate.Bind(v))
		if err != nil {
			t.Fatal(err)
		}
		p.Join(ctx)
		if called { // the lock is waited for, and the holder is found dead
			var cancel context.CancelFunc
			ctx, cancel = context.WithCancel(ctx)
			cancel()
		}
		n, err := v.Update(ctx, func(int64) int64 { t.Error("called"); return 9 })
		if n != 0 || !errors.Is(err, mp.ErrOwnerDied) {
			t.Error(n, err)
		}
		if n, err = v.Update(ctx, func(n int64) int64 { return n + 1 }); n != 2 || err != nil {
			t.Error(n, err)
		}
	}
}

var dieInUpdate = conex.Register("test/sharedctypes/dieInUpdate", func(ctx context.Context, v *sharedctypes.Value[int64]) (none, error) {
	_, err := v.Update(ctx, func(int64) int64 {
		syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
		select {}
	})
	return none{}, err
})
