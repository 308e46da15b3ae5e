package contextvars

import (
	"math/bits"
	"slices"
	"testing"
	"unsafe"
)

// oddIDs are such that tries of them have all shapes.
var oddIDs = []uint32{
	1, 2, 30, 31, 32, 33, 63, 64, 1023, 1024, 1025, 32767, 32768, 1 << 20, 1<<20 + 1, 1 << 25, 1 << 30, 1<<30 + 5,
	firstTravelling + 1, firstTravelling + 2, firstTravelling + 40, firstTravelling + 1<<30, 1<<32 - 1,
}

// testVars makes variables with given ids.
func testVars(ids []uint32) []*core {
	vars := make([]*core, len(ids))
	for i, id := range ids {
		vars[i] = &core{id: id}
	}
	return vars
}

func testCell(v *core) unsafe.Pointer { return unsafe.Pointer(&cell[int]{head: head{v}}) }

// checkNode checks what holds for every trie.
func checkNode(t *testing.T, n *node) {
	t.Helper()
	slots := n.slots()
	switch {
	case n.shift == 0 && int(n.size) != len(slots), n.shift > top, n.shift%width != 0:
		t.Fatalf("shift %d, size %d with %d slots", n.shift, n.size, len(slots))
	case n.shift > 0 && len(slots) < 2:
		t.Fatalf("a branch with %d children", len(slots))
	}
	size, i := uint32(0), 0
	for way := range uint32(32) {
		if n.bits>>way&1 == 0 {
			continue
		}
		if n.shift > 0 {
			c := (*node)(slots[i])
			if c.shift >= n.shift || c.anID()>>n.shift != n.prefix<<width|way {
				t.Fatalf("at %d, way %d of %x: child at %d of %x", n.shift, way, n.prefix, c.shift, c.prefix)
			}
			checkNode(t, c)
			size += c.size
		} else if id := (*head)(slots[i]).v.id; id != n.prefix<<width|way {
			t.Fatalf("cell of %x at %x", id, n.prefix<<width|way)
		}
		i++
	}
	if n.shift > 0 && size != n.size {
		t.Fatalf("size %d, counted %d", n.size, size)
	}
}

// FuzzNode compares a map with one that is known to be right, through steps
// of which each byte is one: which variable, and what becomes of it. Every
// version must stay as it was.
func FuzzNode(f *testing.F) {
	f.Add([]byte{0, 2, 4, 6, 1, 3})
	all := make([]byte, 0, 4*len(oddIDs))
	for i := range oddIDs {
		all = append(all, byte(2*i))
	}
	for i := range oddIDs {
		all = append(all, byte(2*i+1))
	}
	f.Add(all)
	vars := testVars(oddIDs)
	f.Fuzz(func(t *testing.T, steps []byte) {
		type version struct {
			n     *node
			model map[uint32]unsafe.Pointer
		}
		check := func(v version) {
			if v.n.len() != len(v.model) {
				t.Fatalf("%d variables, want %d", v.n.len(), len(v.model))
			}
			if v.n != nil {
				checkNode(t, v.n)
			}
			for _, x := range vars {
				if got := v.n.find(x); got != v.model[x.id] {
					t.Fatalf("%x is %p, want %p", x.id, got, v.model[x.id])
				}
			}
			last := int64(-1)
			v.n.each(func(p unsafe.Pointer) bool {
				id := (*head)(p).v.id
				if int64(id) <= last || v.model[id] != p {
					t.Fatalf("each: %x after %x", id, last)
				}
				last = int64(id)
				return true
			})
		}
		now := version{nil, map[uint32]unsafe.Pointer{}}
		var old []version
		for i, b := range steps {
			x := vars[int(b/2)%len(vars)]
			next := version{model: make(map[uint32]unsafe.Pointer)}
			for k, v := range now.model {
				next.model[k] = v
			}
			if b&1 == 0 {
				c := testCell(x)
				var was unsafe.Pointer
				next.n, was = now.n.with(x.id, c, 0)
				if was != now.model[x.id] {
					t.Fatalf("with returned %p, want %p", was, now.model[x.id])
				}
				next.model[x.id] = c
			} else {
				next.n = now.n.without(x.id, 0)
				if now.model[x.id] == nil && next.n != now.n {
					t.Fatal("another map without something that was not in it")
				}
				delete(next.model, x.id)
			}
			now = next
			check(now)
			if i%8 == 0 && len(old) < 16 {
				old = append(old, now)
			}
		}
		for _, v := range old {
			check(v)
		}
	})
}

// The same variables have the same shape, whatever the way there.
func TestShape(t *testing.T) {
	vars := testVars(oddIDs)
	var want *node
	for _, v := range vars {
		want, _ = want.with(v.id, testCell(v), 0)
	}
	var same func(a, b *node) bool
	same = func(a, b *node) bool {
		if a.bits != b.bits || a.prefix != b.prefix || a.shift != b.shift || a.size != b.size {
			return false
		}
		if a.shift > 0 {
			for i := range a.slots() {
				if !same(a.child(i), b.child(i)) {
					return false
				}
			}
		}
		return true
	}
	var got *node
	for _, v := range slices.Backward(vars) {
		got, _ = got.with(v.id, testCell(v), 0)
	}
	if !same(got, want) {
		t.Error("the order matters")
	}
	for i := range 500 {
		id := uint32(i) * 2654435761
		v := &core{id: id}
		if got.find(v) == nil {
			more, _ := got.with(id, testCell(v), 0)
			got = more.without(id, 0)
		}
	}
	if !same(got, want) {
		t.Error("detours matter")
	}
}

// A leaf is written to only in its own epoch.
func TestReplace(t *testing.T) {
	vars := testVars([]uint32{1, 2, 40})
	var n *node
	for _, v := range vars {
		n, _ = n.with(v.id, testCell(v), 7)
	}
	a := testCell(vars[0])
	if n.replace(1, a, 8) != nil || n.find(vars[0]) == a {
		t.Error("replaced in another epoch")
	}
	if n.replace(1, a, 7) == nil || n.find(vars[0]) != a {
		t.Error("not replaced")
	}
	for _, id := range []uint32{3, 41, 64, 1 << 20} {
		if n.replace(id, testCell(&core{id: id}), 7) != nil {
			t.Errorf("%d replaced, which is not there", id)
		}
	}
	var none *node
	if none.replace(1, a, 7) != nil || none.without(1, 7) != nil {
		t.Error("something of nothing")
	}
}

func TestTravelling(t *testing.T) {
	at := func(ids ...uint32) *node {
		var n *node
		for _, v := range testVars(ids) {
			n, _ = n.with(v.id, testCell(v), 0)
		}
		return n
	}
	const far = firstTravelling
	for _, x := range []struct {
		n    *node
		want int // variables
	}{
		{nil, 0}, {at(1), 0}, {at(1, 50, 1<<30), 0},
		{at(far + 1), 1}, {at(far+1, far+100), 2},
		{at(1, far+1), 1}, {at(1, 2, 900, far+1, far+100), 2},
	} {
		if got := x.n.travelling().len(); got != x.want {
			t.Errorf("%d travel, want %d", got, x.want)
		}
	}
	// What stays does not change the identity of what travels.
	n := at(1, far+1)
	more, _ := n.with(2, testCell(&core{id: 2}), 0)
	if more.travelling() != n.travelling() || more.without(1, 0).without(2, 0).travelling() != n.travelling() {
		t.Error("another identity")
	}
	more, _ = n.with(far+1, testCell(&core{id: far + 1}), 0)
	if more.travelling() == n.travelling() {
		t.Error("the same identity")
	}
}

func TestAllocNode(t *testing.T) {
	for n := 1; n <= 32; n++ {
		x := newNode(1<<n-1, 0, 0, 0, 0)
		if got := len(x.slots()); got != n || bits.OnesCount32(x.bits) != n {
			t.Errorf("%d slots, want %d", got, n)
		}
		for i := range x.slots() {
			x.slots()[i] = unsafe.Pointer(x)
		}
	}
}
