package python

import (
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
)

// usage counts this process's mappings of shared memory, and descriptors of it.
func usage(t testing.TB) (maps, files int) {
	t.Helper()
	isMemory := func(s string) bool {
		return strings.Contains(s, "memfd:conex") || strings.Contains(s, "/conex-")
	}
	data, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if isMemory(line) {
			maps++
		}
	}
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && isMemory(to) {
			files++
		}
	}
	return maps, files
}

// sameUsage says so if there is more than before.
func sameUsage(t testing.TB, maps, files int) {
	t.Helper()
	if m, f := usage(t); m != maps || f != files {
		t.Errorf("%d mappings and %d descriptors of memory are left, there were %d and %d", m, f, maps, files)
	}
}

// peerUsage is that of the other side: descriptors, mappings, and what Go has told
// of.
func peerUsage(p *arrayPeer) (u [3]int) {
	p.t.Helper()
	p.forget()
	p.run("usage()", nil, &u)
	return u
}

const manyArrays = 1000

// Neither side keeps anything of arrays that came and went, one after the other or
// all at once, in both directions.
func TestArrayLife(t *testing.T) {
	leak.Check(t)
	maps, files := usage(t)
	withPythons(t, false, func(t *testing.T, p *arrayPeer) {
		before := peerUsage(p)
		for i := range manyArrays {
			a := newArray[int64](t, 1000)
			a.Slice()[999] = int64(i)
			var back []*Array[int64]
			p.run("y = array('q', 3)\ny[2] = x[999]\ny = [y, x]", a, &back)
			if back[0].Slice()[2] != int64(i) || back[1].Slice()[999] != int64(i) {
				t.Fatalf("%d came back as %v", i, back[0].Slice())
			}
			back[0].Close()
			back[1].Close()
			a.Close()
			if i%100 == 10 {
				sameUsage(t, maps, files)
				if now := peerUsage(p); now != before {
					t.Fatalf("after %d arrays the worker has %v, before %v", i, now, before)
				}
			}
		}
		all := make([]*Array[int64], manyArrays)
		for i := range all {
			all[i] = newArray[int64](t, 10)
			all[i].Slice()[0] = int64(i)
		}
		var sum int
		p.run("sum(a[0] for a in x)", all, &sum)
		if sum != manyArrays*(manyArrays-1)/2 {
			t.Errorf("the sum is %d", sum)
		}
		if u := peerUsage(p); u[1] != manyArrays || u[2] != manyArrays {
			t.Errorf("the worker has %v", u)
		}
		var back []*Array[int64]
		p.run("for a in x: a[1] = 7\ny = x", all, &back)
		for i, b := range back {
			if b.Slice()[0] != int64(i) || b.Slice()[1] != 7 || all[i].Slice()[1] != 7 {
				t.Fatalf("array %d came back as %v", i, b.Slice())
			}
			b.Close()
			all[i].Close()
		}
		if now := peerUsage(p); now != before {
			t.Errorf("the worker has %v, before %v", now, before)
		}
		sameUsage(t, maps, files)
	})
}

// What Python keeps stays valid after Go has closed it, as long as Python has it,
// and a worker that is killed takes nothing with it but its own share.
func TestArrayKept(t *testing.T) {
	leak.Check(t)
	maps, files := usage(t)
	withPythons(t, false, func(t *testing.T, p *arrayPeer) {
		before := peerUsage(p)
		a := newArray[float64](t, 1<<17)
		a.Slice()[1<<17-1] = 2.5
		p.run("globals().__setitem__('kept', x[1 << 16:])", a, new(any))
		a.Close()
		sameUsage(t, maps, files)
		if u := peerUsage(p); u[1] != 1 || u[2] != 0 {
			t.Errorf("the worker has %v of a memory that Go has closed", u)
		}
		var back *Array[float64]
		p.run("kept", nil, &back)
		if s := back.Slice(); len(s) != 1<<16 || s[1<<16-1] != 2.5 {
			t.Errorf("what was kept has %d items", len(s))
		}
		back.Close()
		p.run("globals().pop('kept') and None", nil, new(any))
		if now := peerUsage(p); now != before {
			t.Errorf("the worker has %v, before %v", now, before)
		}

		// Killed with arrays of both sides, in the middle of a call.
		b := newArray[float64](t, 1000)
		var made *Array[float64]
		p.run("globals().update(kept=[x, array('d', 1000)]) or kept[1]", b, &made)
		made.Slice()[3] = 4
		if err := p.start("made = array('d', 100)\nx[7] = 1\nos.kill(os.getpid(), 9)", b); err != nil {
			t.Fatal(err)
		}
		var none any
		if err := p.finish(&none); err == nil {
			t.Errorf("a worker that was killed has returned %v", none)
		}
		p.close()
		if b.Slice()[7] != 1 || made.Slice()[3] != 4 || made.Slice()[999] != 0 {
			t.Error("memory has changed with the worker's death")
		}
		b.Close()
		made.Close()
		sameUsage(t, maps, files)
	})
}

// A result that is not received, or not all of it, goes with the value.
func TestArrayForgotten(t *testing.T) {
	maps, files := usage(t)
	withPythons(t, false, func(t *testing.T, p *arrayPeer) {
		var got struct{ A *Array[int8] }
		p.run("{'A': array('b', 3), 'B': array('b', 4), 'C': [array('d', 5)]}", nil, &got)
		for {
			runtime.GC()
			if m, f := usage(t); m == maps+1 && f == files+1 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		if s := got.A.Slice(); !slices.Equal(s, []int8{0, 0, 0}) {
			t.Errorf("got %v", s)
		}
		got.A.Close()
		// Nor is anything left of what did not fit.
		var wrong struct {
			A *Array[int8]
			B string
		}
		p.fails("{'A': array('b', 3), 'B': array('b', 4)}", nil, &wrong)
		sameUsage(t, maps, files)
	})
}
