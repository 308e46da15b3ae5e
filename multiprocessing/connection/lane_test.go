package connection

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// newLane makes a lane in memory that nobody else has.
func newLane(size int) (*lane, []byte) {
	mem := make([]uint64, (laneHeader+size)/8)
	b := unsafe.Slice((*byte)(unsafe.Pointer(&mem[0])), len(mem)*8)
	l := new(lane)
	l.init(b)
	return l, b
}

// What goes in comes out, in order, however it lies in the ring, and however
// full that is.
func TestLane(t *testing.T) {
	for _, size := range []int{64, 128, 1024} {
		l, _ := newLane(size)
		r := rand.New(rand.NewPCG(1, uint64(size)))
		type msg struct {
			rec  record
			data []byte
		}
		var in []msg
		for i := range 20_000 {
			if r.IntN(2) == 0 {
				data := make([]byte, r.IntN(l.mostInRing()+1))
				for j := range data {
					data[j] = byte(i + j)
				}
				rec := record{length: uint32(len(data)), kind: kind(1 + r.IntN(int(lastKind))), hash: r.Uint32(), packet: r.Uint32()}
				if r.IntN(10) == 0 {
					rec.flags, rec.length = flagLarge, uint32(r.IntN(mostLarge))
				}
				at, ok, err := l.fits(rec)
				if err != nil {
					t.Fatal(err)
				}
				if !ok {
					if len(in) == 0 {
						t.Fatalf("no room for %v in an empty ring of %d", rec, size)
					}
					continue
				}
				l.put(at, rec, data)
				in = append(in, msg{rec, data})
				continue
			}
			rec, at, ok, err := l.front()
			if err != nil || ok != (len(in) > 0) || ok != l.pending() {
				t.Fatalf("front: %v, %v with %d records", ok, err, len(in))
			}
			if !ok {
				continue
			}
			if rec != in[0].rec {
				t.Fatalf("got %v, want %v", rec, in[0].rec)
			}
			if rec.flags == 0 {
				for _, buf := range [][]byte{nil, make([]byte, size)} {
					if got := l.copyOut(at, int(rec.length), buf); !bytes.Equal(got, in[0].data) {
						t.Fatalf("record %v at %d is torn", rec, at)
					}
				}
			}
			l.drop(at, rec)
			in = in[1:]
		}
		if l.largeSent.Load()-l.largeGot.Load() > 4*mostLarge {
			t.Error("the sums of large messages went apart")
		}
	}
}

// A sender that was killed before the last step has sent nothing.
func TestLaneUncommitted(t *testing.T) {
	l, b := newLane(256)
	rec := record{length: 20, kind: kindBytes}
	for range 100 {
		at, ok, err := l.fits(rec)
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		l.put(at, rec, bytes.Repeat([]byte{1}, 20))
		binary.NativeEndian.PutUint64(b[64:], at) // the store that did not happen
		l.seenTail.Store(at)
		if _, _, ok, err := l.front(); ok || err != nil {
			t.Fatal(ok, err)
		}
		at, _, _ = l.fits(rec)
		l.put(at, rec, bytes.Repeat([]byte{2}, 20))
		got, at, ok, err := l.front()
		if !ok || err != nil || !bytes.Equal(l.copyOut(at, 20, nil), bytes.Repeat([]byte{2}, 20)) {
			t.Fatal(got, ok, err)
		}
		l.drop(at, got)
	}
}

// Whatever another program writes into the memory, what comes out is records
// or errors, in bounded time.
func FuzzLane(f *testing.F) {
	l, b := newLane(256)
	for range 3 {
		rec := record{length: 20, kind: kindBytes}
		at, _, _ := l.fits(rec)
		l.put(at, rec, make([]byte, 20))
	}
	f.Add(bytes.Clone(b), uint16(3))
	f.Add(bytes.Repeat([]byte{0xff}, len(b)), uint16(40))
	f.Add(make([]byte, len(b)), uint16(1000))
	f.Fuzz(func(t *testing.T, data []byte, length uint16) {
		l, b := newLane(256)
		copy(b, data)
		binary.NativeEndian.PutUint64(b[0:], 0) // the locks have tests of their own
		binary.NativeEndian.PutUint64(b[128:], 0)
		for range 3 {
			for n := 0; ; n++ {
				l.pending()
				rec, at, ok, err := l.front()
				if err != nil {
					if !errors.Is(err, ErrCorrupt) {
						t.Fatal(err)
					}
					break
				}
				if !ok {
					break
				}
				if n > 256/headerSize {
					t.Fatal("more records than fit in")
				}
				if rec.flags == 0 {
					l.copyOut(at, int(rec.length), nil)
				}
				l.drop(at, rec)
			}
			rec := record{length: uint32(length) % uint32(l.mostInRing()+1), kind: kindBytes}
			if at, ok, err := l.fits(rec); ok && err == nil {
				l.put(at, rec, make([]byte, rec.length))
			}
			rec = record{length: uint32(length), kind: kindBytes, flags: flagLarge}
			if at, ok, err := l.fits(rec); ok && err == nil {
				l.put(at, rec, nil)
			}
			l.half()
		}
	})
}
