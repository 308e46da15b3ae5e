//go:build linux

package mpring

import (
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/conexgo/conex/internal/peer"
)

var dead = uint64(peer.New(1<<22, 1)) // a number that no process has

// place makes a place of another process.
func place(r *Ring, i int, owner, buffered, taken, done uint64) *Place {
	p := &r.books.places[i]
	p.buffered.Store(buffered)
	p.taken.Store(taken << 32)
	p.done.Store(done)
	p.owner.Store(owner)
	r.books.used.Store(max(r.books.used.Load(), uint32(i+1)))
	return p
}

func open(t *testing.T, r *Ring) (int, int) {
	t.Helper()
	n, lost, err := r.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n, lost
}

func TestReport(t *testing.T) {
	r, _ := newRing(t, 1<<12)
	start := uint64(maxItem-1) << posBits // the count begins anew meanwhile
	r.tail.Store(start)
	r.head.Store(start)
	r.books.base.Store(maxItem - 1)
	r.Mine(t.Context()).SetBuffered(1)
	for range 3 {
		r.Put(1, []byte("x"), nil)
	}
	if n, lost := open(t, r); n != 4 || lost != 0 {
		t.Fatal(n, lost)
	}
	r.Mine(t.Context()).SetBuffered(0)
	for i := range 3 {
		rec, _ := r.Peek()
		r.TakeFor(&rec, r.Mine(t.Context()))
		if n, ok, err := r.Report(t.Context()); n != 2-i || !ok || err != nil {
			t.Fatal(n, ok, err)
		}
	}
	if _, ok, _ := r.Report(t.Context()); ok {
		t.Error("more reported than put")
	}
	if n, lost := open(t, r); n != 0 || lost != 0 {
		t.Fatal(n, lost)
	}
}

// TestDead: what a dead process had waiting vanishes, what it took is lost, and
// what it reported stays so.
func TestDead(t *testing.T) {
	r, _ := newRing(t, 1<<12)
	for range 10 {
		r.Put(1, nil, nil)
	}
	place(r, 3, dead, 5, 4, 3)
	if n := r.Buffered(Roughly); n != 5 {
		t.Error(n)
	}
	if n := r.Buffered(Exactly); n != 0 {
		t.Error(n)
	}
	if n, lost := open(t, r); n != 10-3-1 || lost != 1 {
		t.Error(n, lost)
	}
	if p := &r.books.places[3]; p.owner.Load() != 0 || p.taken.Load() != 0 || p.buffered.Load() != 0 || p.done.Load() != 0 {
		t.Error("the place is not free")
	}
	if n := r.Buffered(Roughly); n != 0 {
		t.Error(n)
	}
}

// TestFoldTwice: a process that dies between any two stores of a fold has done
// no harm.
func TestFoldTwice(t *testing.T) {
	r, _ := newRing(t, 1<<12)
	for range 10 {
		r.Put(1, nil, nil)
	}
	b := &r.books
	for cut := range 7 {
		b.base.Store(2)
		b.lost.Store(1)
		p := place(r, 0, dead, 0, 3, 2)
		b.newBase.Store(4)
		b.newLost.Store(2)
		b.whose.Store(dead)
		b.journal.Store(1)
		steps := []func(){
			func() { b.base.Store(4) }, func() { b.lost.Store(2) }, func() { p.buffered.Store(0) },
			func() { p.taken.Store(0) }, func() { p.done.Store(0) }, func() { p.owner.Store(0) },
		}
		for _, f := range steps[:cut] {
			f()
		}
		b.lock.Lock(t.Context())
		stolen(r, 384)
		if n, lost := open(t, r); n != 10-4-2 || lost != 2 || p.owner.Load() != 0 || p.taken.Load() != 0 {
			t.Errorf("cut %d: %d open, %d lost", cut, n, lost)
		}
	}
}

// stolen makes a dead process the holder of a lock.
func stolen(r *Ring, off int) {
	w := wordAt(r, off)
	w.Store(uint64(peer.ID(dead).Start())<<32 | uint64(peer.ID(dead).PID())<<1)
}

// TestUntake: a process that dies between announcing that it takes a record and
// taking it has taken nothing.
func TestUntake(t *testing.T) {
	r, _ := newRing(t, 1<<12)
	r.Put(1, nil, nil)
	r.Put(1, nil, nil)
	for _, committed := range []bool{false, true} {
		before := items(r.head.Load())
		p := place(r, 0, dead, 0, 0, 0)
		r.LockGet(t.Context())
		rec, _ := r.Peek()
		p.taken.Store(1<<32 | items(rec.next))
		if committed {
			r.Take(&rec)
		}
		stolen(r, 128)
		_, lost := open(t, r)
		if want := items(r.head.Load()) - before; uint64(lost) != want || committed != (want == 1) {
			t.Errorf("committed %v: %d lost", committed, lost)
		}
	}
}

func TestFullLedger(t *testing.T) {
	r, _ := newRing(t, 1<<12)
	for i := range places {
		place(r, i, uint64(peer.New(1, 0)), 0, 0, 0) // init, but of another time
	}
	// All of them are dead.
	if p := r.Mine(t.Context()); p == nil || p.owner.Load() != uint64(peer.Self()) {
		t.Fatal("no place")
	}
}

func wordAt(r *Ring, off int) *atomic.Uint64 { return (*atomic.Uint64)(unsafe.Add(r.base, off)) }
