//go:build linux

package mpring

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// memory is aligned as shared memory is.
func memory(data int) []byte {
	words := make([]uint64, Size(data)/8+1)
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), Size(data))
}

func newRing(t testing.TB, data int) (*Ring, []byte) {
	t.Helper()
	mem := memory(data)
	r, err := Create(mem, 42)
	if err != nil {
		t.Fatal(err)
	}
	return r, mem
}

// take takes a record as a process does.
func take(r *Ring) ([]byte, uint8, error) {
	rec, err := r.Peek()
	if err != nil {
		return nil, 0, err
	}
	b := bytes.Clone(rec.Payload)
	r.Take(&rec)
	return b, rec.Kind, nil
}

func TestSizes(t *testing.T) {
	for _, n := range []int{0, 8, 63, 100, 3 << 10} {
		if _, err := Create(memory(n), 0); err == nil {
			t.Error("a ring of ", n)
		}
	}
	if _, err := Create(nil, 0); err == nil {
		t.Error("a ring without memory")
	}
	r, mem := newRing(t, 1<<12)
	if r.Max() != 1<<11-8 || r.Note() != 42 || !r.Empty() || r.Len() != 0 {
		t.Error(r.Max(), r.Note(), r.Empty(), r.Len())
	}
	if _, err := Open(mem[:Size(1<<12)-1]); !errors.Is(err, ErrCorrupt) {
		t.Error(err)
	}
}

// TestModel puts and takes at random, beside a plain list.
func TestModel(t *testing.T) {
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		r, mem := newRing(t, 1<<12)
		// Just before the position and the number of records begin anew.
		start := uint64(posMask&^7-800) | (maxItem-5)<<posBits
		r.tail.Store(start)
		r.head.Store(start)
		r.seenTail.Store(start)
		r.seenHead.Store(start)
		other, err := Open(mem)
		if err != nil {
			t.Fatal(err)
		}
		type record struct {
			b    []byte
			kind uint8
		}
		var list []record
		for range 5000 {
			if rnd.IntN(2) == 0 {
				b := make([]byte, rnd.IntN(1<<rnd.IntN(11)))
				for i := range b {
					b[i] = byte(rnd.Uint32())
				}
				kind, cut := uint8(1+rnd.IntN(255)), rnd.IntN(len(b)+1)
				switch err := r.Put(kind, b[:cut], b[cut:]); err {
				case nil:
					list = append(list, record{b, kind})
				case ErrFull:
					if len(list) == 0 {
						t.Fatalf("%d bytes do not fit into an empty ring", len(b))
					}
				default:
					t.Fatal(err)
				}
			} else {
				b, kind, err := take(other)
				if err == ErrEmpty && len(list) == 0 {
					continue
				}
				if err != nil || kind != list[0].kind || !bytes.Equal(b, list[0].b) {
					t.Fatal(err, kind)
				}
				list = list[1:]
			}
			if r.Len() != len(list) || r.Empty() != (len(list) == 0) {
				t.Fatal(r.Len(), len(list))
			}
		}
	}
}

func TestMaxFits(t *testing.T) {
	r, _ := newRing(t, 1<<12)
	for off := range 600 { // whereever the ring stands
		if err := r.Put(1, make([]byte, r.Max()), nil); err != nil {
			t.Fatal(off, err)
		}
		take(r)
		r.Put(1, nil, nil)
		take(r)
	}
	if err := r.Put(1, make([]byte, 1<<12-7), nil); err != ErrFull {
		t.Error(err)
	}
}

// TestBatch: nothing is visible before Commit, all is afterwards.
func TestBatch(t *testing.T) {
	r, _ := newRing(t, 1<<12)
	b, err := r.Begin()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; ; n++ {
		room, err := b.Add(3, 20)
		if err == ErrFull {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		copy(room, fmt.Sprintf("record %d", n))
	}
	if n != 1<<12/32 || !r.Empty() {
		t.Fatal(n, r.Len())
	}
	b.Commit()
	if r.Len() != n {
		t.Fatal(r.Len())
	}
	for i := range n {
		if b, _, err := take(r); err != nil || !bytes.HasPrefix(b, fmt.Appendf(nil, "record %d", i)) {
			t.Fatal(err)
		}
	}
}

// TestLap: a ring that is never long stays in its first pages.
func TestLap(t *testing.T) {
	r, _ := newRing(t, 1<<20)
	for range 50_000 {
		if err := r.Put(1, make([]byte, 100), nil); err != nil {
			t.Fatal(err)
		}
		if _, _, err := take(r); err != nil {
			t.Fatal(err)
		}
	}
	if i := slices.IndexFunc(r.data[lap+8:], func(b byte) bool { return b != 0 }); i >= 0 {
		t.Error("byte ", lap+8+i, " was touched")
	}
}

// FuzzCorrupt: whatever is in the memory, every call returns, and no record is
// made of bytes that are not in the ring.
func FuzzCorrupt(f *testing.F) {
	f.Add([]byte{}, uint64(0), uint64(0), uint64(0), uint64(0))
	f.Add([]byte{8, 0, 0, 0, 1, 0x2a, 0xfe, 0xc0}, uint64(16|1<<34), uint64(0), uint64(0), uint64(0))
	f.Add([]byte{0, 0, 0, 0, 0, 0x2a, 0xfe, 0xc0}, uint64(4096|1<<34), uint64(8), uint64(99), uint64(1<<40))
	f.Fuzz(func(t *testing.T, data []byte, tail, head, seenTail, seenHead uint64) {
		r, mem := newRing(t, 1<<12)
		copy(r.data, data)
		r.tail.Store(tail)
		r.head.Store(head)
		r.seenTail.Store(seenTail)
		r.seenHead.Store(seenHead)
		if len(data) > 64 {
			copy(mem[192:1024], data[32:])
			copy(mem[ledgerAt:], data[64:])
		}
		for range 1000 {
			if _, _, err := take(r); err != nil {
				break
			}
		}
		r.Put(1, make([]byte, 100), nil)
		r.Put(1, make([]byte, 2000), nil)
		b, err := r.Begin()
		for err == nil {
			_, err = b.Add(1, 10)
		}
		take(r)
		r.Len()
		r.Buffered(Roughly)
		r.missing()
		r.books.redo()
		r.untake()
		r.Taken()
	})
}
