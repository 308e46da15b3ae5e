package ring

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"unsafe"
)

// mem is memory as a mapping is: 8-byte aligned.
func mem(capacity int) []byte {
	words := make([]uint64, Size(capacity)/8)
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), Size(capacity))
}

func TestRoundTrip(t *testing.T) {
	m := mem(1 << 10)
	p, c := NewProducer(m), NewConsumer(m)
	r := rand.New(rand.NewPCG(1, 2))
	type rec struct {
		b     []byte
		kind  uint8
		extra uint32
	}
	var want []rec
	got := 0
	for len(want) < 20_000 {
		n := r.IntN(p.Max() + 1)
		if b := p.Reserve(n); b != nil {
			if len(b) != n {
				t.Fatalf("Reserve(%d) gave %d bytes", n, len(b))
			}
			k := r.IntN(n + 1) // commit less than was reserved
			for i := range k {
				b[i] = byte(r.Uint32())
			}
			w := rec{bytes.Clone(b[:k]), uint8(1 + r.IntN(255)), r.Uint32N(1 << 24)}
			p.Commit(k, w.kind, w.extra)
			want = append(want, w)
		}
		if r.IntN(3) == 0 {
			for range r.IntN(4) {
				x, ok, err := c.Next()
				if err != nil {
					t.Fatal(err)
				}
				if !ok {
					break
				}
				if w := want[got]; !bytes.Equal(x.Payload, w.b) || x.Kind != w.kind || x.Extra != w.extra {
					t.Fatalf("record %d: got %v, want %v", got, x, w)
				}
				got++
			}
			c.Release()
		}
	}
	if got < 10_000 {
		t.Errorf("only %d records came through", got)
	}
}

func TestFull(t *testing.T) {
	m := mem(256)
	p, c := NewProducer(m), NewConsumer(m)
	n := 0
	for p.Reserve(8) != nil {
		p.Commit(8, 1, 0)
		n++
	}
	if n != 16 {
		t.Errorf("%d records of 16 bytes in 256", n)
	}
	if !p.Sleep(8) {
		t.Error("Sleep found room in a full ring")
	}
	c.Next()
	if !c.Release() {
		t.Error("Release did not notice the sleeping producer")
	}
	if c.Release() {
		t.Error("Release rings twice for one sleep")
	}
	if p.Sleep(8) {
		t.Error("Sleep found no room")
	}
	if p.Reserve(1000) != nil {
		t.Error("Reserve of more than the ring")
	}
	for p.Reserve(0) != nil {
		p.Commit(0, 1, 0)
	}
	defer func() {
		if recover() == nil {
			t.Error("Commit without a reservation overwrites what is unread")
		}
	}()
	p.Commit(0, 1, 0)
}

func TestMaxFits(t *testing.T) {
	m := mem(1024)
	p, c := NewProducer(m), NewConsumer(m)
	for i := range 1000 {
		if p.Reserve(i%p.Max()) == nil {
			t.Fatalf("no room for %d bytes in an empty ring", i%p.Max())
		}
		p.Commit(i%p.Max(), 1, 0)
		if p.Reserve(p.Max()); true {
			c.Next()
			c.Release()
		}
		if p.Reserve(p.Max()) == nil {
			t.Fatalf("no room for Max in an empty ring, round %d", i)
		}
	}
}

// Two goroutines stand for two processes: nothing is lost when both sides
// sleep and wake by the flags alone.
func TestSleepAndWake(t *testing.T) {
	m := mem(512)
	p, c := NewProducer(m), NewConsumer(m)
	data, space := make(chan struct{}, 1), make(chan struct{}, 1)
	ring := func(ch chan struct{}) {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
	const n = 50_000
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range uint64(n) {
			var b []byte
			for b = p.Reserve(8); b == nil; b = p.Reserve(8) {
				if p.Sleep(8) {
					<-space
				}
			}
			binary.LittleEndian.PutUint64(b, i)
			p.Commit(8, 1, 0)
			if p.Notify() {
				ring(data)
			}
			if i%1000 == 0 {
				runtime.Gosched()
			}
		}
	})
	for i := uint64(0); i < n; {
		r, ok, err := c.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			if c.Release() {
				ring(space)
			}
			if c.Sleep() {
				<-data
			}
			continue
		}
		if got := binary.LittleEndian.Uint64(r.Payload); got != i {
			t.Fatalf("got %d, want %d", got, i)
		}
		i++
		if i%7 == 0 && c.Release() {
			ring(space)
		}
	}
	wg.Wait()
}

func TestUncommitted(t *testing.T) {
	m := mem(256)
	p, c := NewProducer(m), NewConsumer(m)
	copy(p.Reserve(8), "finished")
	p.Commit(8, 1, 0)
	copy(p.Reserve(24), "half a message, killed!!")
	c.Next()
	if _, ok, _ := c.Next(); ok {
		t.Error("an uncommitted record is visible")
	}
	if got := string(c.Uncommitted(14)); got != "half a message" {
		t.Errorf("got %q", got)
	}
	if c.Uncommitted(1000) != nil {
		t.Error("Uncommitted beyond the ring")
	}
}

// Whatever is in the memory, Next neither panics nor reads outside of it.
func FuzzConsumer(f *testing.F) {
	f.Add([]byte("some bytes"), uint64(64))
	f.Add(bytes.Repeat([]byte{0xff}, 300), uint64(1<<63))
	f.Add([]byte{8, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}, uint64(16))
	f.Fuzz(func(t *testing.T, b []byte, tail uint64) {
		m := mem(256)
		copy(m[headerSize:], b)
		c := NewConsumer(m)
		c.s.tail.Store(tail)
		for range 100 {
			_, ok, err := c.Next()
			if err != nil && !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			c.Release()
		}
	})
}

func BenchmarkRecord(b *testing.B) {
	m := mem(64 << 10)
	p, c := NewProducer(m), NewConsumer(m)
	for b.Loop() {
		p.Reserve(16)
		p.Commit(16, 1, 0)
		c.Next()
		c.Release()
	}
}
