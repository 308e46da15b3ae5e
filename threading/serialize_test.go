package threading

import (
	"context"
	"iter"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/internal/leak"
)

// count yields 0..n-1 and says when it is over; n < 0: without end.
func count(n int, over *bool) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer func() { *over = true }()
		for i := 0; i != n && yield(i); i++ {
		}
	}
}

func TestSerializeIterator(t *testing.T) {
	leak.Check(t)
	const n = 5000
	var over bool
	it := SerializeIterator(count(n, &over))
	var got [4][]int
	var wg sync.WaitGroup
	for g := range got {
		wg.Go(func() {
			if g%2 == 0 { // from a pinned thread, too
				runtime.LockOSThread()
			}
			for v := range it.All() {
				got[g] = append(got[g], v)
			}
		})
	}
	wg.Wait()
	var all []int
	for _, part := range got {
		if !slices.IsSorted(part) {
			t.Error("out of order")
		}
		all = append(all, part...)
	}
	slices.Sort(all)
	for i := range n {
		if len(all) != n || all[i] != i {
			t.Fatalf("%d values, not each once", len(all))
		}
	}
	if !over {
		t.Error("the sequence is not over")
	}
	it.Stop()
	if _, ok := it.Next(); ok {
		t.Error("a value after the end")
	}
}

// It goes no further than it is asked to, and Stop ends it where it is.
func TestSerializeIteratorStop(t *testing.T) {
	leak.Check(t)
	made, over := 0, false
	it := SerializeIterator(func(yield func(int) bool) {
		defer func() { over = true }()
		for {
			made++
			if !yield(made) {
				yield(0) // against the rules, without effect
				return
			}
		}
	})
	if made != 0 {
		t.Error("it began by itself")
	}
	for v := range it.All() {
		if v == 3 {
			break
		}
	}
	if v, ok := it.Next(); v != 4 || !ok || made != 4 {
		t.Errorf("next is %d, %v, %d made", v, ok, made)
	}
	it.Stop()
	it.Stop()
	if _, ok := it.Next(); ok || !over || made != 4 {
		t.Errorf("after Stop: %v, over %v, %d made", ok, over, made)
	}

	unused := SerializeIterator(func(func(int) bool) { t.Error("it ran") })
	unused.Stop()
	if _, ok := unused.Next(); ok {
		t.Error("a value after Stop")
	}
	var zero SerialIterator[int]
	zero.Stop()
	if _, ok := zero.Next(); ok {
		t.Error("a value of nothing")
	}
}

func TestSerializeIteratorFails(t *testing.T) {
	leak.Check(t)
	it := SerializeIterator(func(yield func(int) bool) {
		yield(1)
		panic("no more")
	})
	it.Next()
	func() {
		defer func() {
			if p, ok := recover().(*PanicError); !ok || p.Value != "no more" || len(p.Stack) == 0 {
				t.Errorf("recovered %v", p)
			}
		}()
		it.Next()
		t.Error("no panic")
	}()
	if _, ok := it.Next(); ok {
		t.Error("a value after a panic")
	}

	exits := SerializeIterator(func(func(int) bool) { runtime.Goexit() })
	done := make(chan bool)
	go func() {
		gone := true
		defer func() { done <- gone }()
		exits.Next()
		gone = false
	}()
	if !<-done {
		t.Error("Next returned from a Goexit")
	}

	defer func() {
		if recover() == nil {
			t.Error("nil is a sequence")
		}
	}()
	SerializeIterator[int](nil)
}

// Those who wait their turn are durably blocked.
func TestSerializeIteratorWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		it := SerializeIterator(func(yield func(int) bool) {
			for i := range 4 {
				time.Sleep(time.Hour)
				if !yield(i) {
					return
				}
			}
		})
		begin := time.Now()
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { it.Next() })
		}
		wg.Wait()
		if d := time.Since(begin); d != 4*time.Hour {
			t.Errorf("took %v", d)
		}
		it.Stop()
	})
}

func TestSynchronizedIterator(t *testing.T) {
	var over bool
	squares := SynchronizedIterator(func(n int) iter.Seq[int] { return count(n, &over) })
	a, b := squares(3), squares(2)
	a.Next()
	if v, ok := b.Next(); v != 0 || !ok {
		t.Errorf("the second starts at %d, %v", v, ok)
	}
	if rest := slices.Collect(a.All()); !slices.Equal(rest, []int{1, 2}) {
		t.Errorf("the first goes on with %v", rest)
	}
	b.Stop()
}

func TestConcurrentTee(t *testing.T) {
	leak.Check(t)
	const n = 3000
	var over bool
	branches, err := ConcurrentTee(count(n, &over), 4)
	if err != nil || len(branches) != 4 {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i, b := range branches {
		wg.Go(func() {
			next := 0
			for v := range b {
				if v != next {
					t.Errorf("branch %d: %d instead of %d", i, v, next)
					return
				}
				next++
				if i == 3 && v == 10 {
					break
				}
			}
			if want := map[bool]int{true: 11, false: n}[i == 3]; next != want {
				t.Errorf("branch %d: %d values", i, next)
			}
			for range b {
				t.Errorf("branch %d: something a second time", i)
			}
		})
	}
	wg.Wait()
	if !over {
		t.Error("the sequence is not over")
	}

	for _, tc := range []struct {
		n   int
		err error
	}{{0, nil}, {-1, ErrBranches}} {
		b, err := ConcurrentTee(func(func(int) bool) { t.Error("it ran") }, tc.n)
		if len(b) != 0 || !isOrNil(err, tc.err) {
			t.Errorf("%d branches: %v, %v", tc.n, b, err)
		}
	}
}

// The sequence is stopped with the last branch, and asked no more than needed.
func TestConcurrentTeeStops(t *testing.T) {
	leak.Check(t)
	var over bool
	made := 0
	branches, _ := ConcurrentTee(func(yield func(int) bool) {
		for v := range count(-1, &over) {
			if made++; !yield(v) {
				return
			}
		}
	}, 2)
	for v := range branches[0] {
		if v == 4 {
			break
		}
	}
	if over || made != 5 {
		t.Errorf("over %v, %d made", over, made)
	}
	got := 0
	for v := range branches[1] {
		if got++; v == 6 {
			break
		}
	}
	if !over || made != 7 || got != 7 {
		t.Errorf("over %v, %d made, %d got", over, made, got)
	}
}

func TestConcurrentTeePanics(t *testing.T) {
	leak.Check(t)
	branches, _ := ConcurrentTee(func(yield func(int) bool) {
		yield(1)
		panic("torn")
	}, 2)
	for i, b := range branches {
		func() {
			got := 0
			defer func() {
				if p, ok := recover().(*PanicError); !ok || p.Value != "torn" || got != 1 {
					t.Errorf("branch %d: %v after %d values", i, p, got)
				}
			}()
			for range b {
				got++
			}
		}()
	}
}

// What all branches have passed is not kept.
func TestConcurrentTeeForgets(t *testing.T) {
	gone := make(chan struct{}, 1)
	branches, _ := ConcurrentTee(func(yield func(*[1 << 20]byte) bool) {
		for i := range 3 {
			p := new([1 << 20]byte)
			if i == 0 {
				runtime.AddCleanup(p, func(struct{}) { gone <- struct{}{} }, struct{}{})
			}
			if !yield(p) {
				return
			}
		}
	}, 2)
	next0, stop0 := iter.Pull(branches[0])
	next1, stop1 := iter.Pull(branches[1])
	defer stop0()
	defer stop1()
	for range 2 {
		next0()
		next1()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for {
		runtime.GC()
		select {
		case <-gone:
			return
		case <-ctx.Done():
			t.Fatal("the first value is kept")
		default:
			runtime.Gosched()
		}
	}
}

func BenchmarkSerializeIterator(b *testing.B) {
	var over bool
	it := SerializeIterator(count(-1, &over))
	defer it.Stop()
	b.ReportAllocs()
	for b.Loop() {
		it.Next()
	}
}
