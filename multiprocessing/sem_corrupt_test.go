package multiprocessing

import (
	"context"
	"errors"
	"io/fs"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/handle"
	"github.com/conexgo/conex/internal/peer"
	"github.com/conexgo/conex/threading"
)

// scribbled is a semaphore whose memory another program has written to.
func scribbled(initial uint32, kind uint32, word, tenantState, mineState uint64) *sem {
	mem := &sharedSem{initial: initial, kind: kind}
	mem.word.Store(word)
	if t := tenantOf(word); t <= lastSlot {
		mem.slots[t].state.Store(tenantState)
	}
	mem.slots[1].id.Store(1) // a process that is dead, or ours
	mem.slots[1].state.Store(mineState)
	return openSem(nil, mem, 2, func(id peer.ID) bool { return id == 2 })
}

func TestSemaphoreCorrupt(t *testing.T) {
	l := newLayout(5)
	for name, w := range map[string]uint64{
		"value":                    6 << slotBits,
		"value and balance":        3<<slotBits | 3<<l.balance | 7,
		"tenant":                   l.initial<<slotBits | lastSlot + 1,
		"nobody's slot":            l.initial<<slotBits | 254,
		"value without accounts":   plain(maxPermits + 1),
		"something beside":         plain(1) | 1<<20,
		"all ones":                 ^uint64(0),
		"too many to be accounted": 5<<slotBits | 5<<l.balance,
	} {
		s := scribbled(5, kindSemaphore, w, 0, 0)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		if err := s.acquire(ctx, nil); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: acquire: %v", name, err)
		}
		if ok, err := s.tryOrSettle(); ok || !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: try: %v", name, err)
		}
		if err := s.release(); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: release: %v", name, err)
		}
		if n := s.value(); n != 0 {
			t.Errorf("%s: value %d", name, n)
		}
		if got := s.mem.word.Load(); got != w {
			t.Errorf("%s: the word was %x and is %x", name, w, got)
		}
		cancel()
	}
	// A slot says more than there is.
	s := scribbled(5, kindSemaphore, 5<<slotBits, 0, 3)
	s.mem.slots[1].id.Store(2)
	if err := s.release(); !errors.Is(err, ErrCorrupt) {
		t.Errorf("release: %v", err)
	}
	if _, err := s.try(); !errors.Is(err, ErrCorrupt) {
		t.Errorf("try: %v", err)
	}
}

// What was never a semaphore, or is another kind.
func TestSemaphoreForeignMemory(t *testing.T) {
	for name, change := range map[string]func(*sharedSem){
		"good":    func(m *sharedSem) {},
		"kind":    func(m *sharedSem) { m.kind = kindBounded },
		"zero":    func(m *sharedSem) { m.kind = 0 },
		"initial": func(m *sharedSem) { m.initial = 1 << 31 },
	} {
		b, err := newBlock(int(unsafe.Sizeof(sharedSem{})))
		if err != nil {
			t.Skip(err)
		}
		mem := (*sharedSem)(unsafe.Pointer(&b.Mem()[0]))
		mem.initial, mem.kind = 1, kindSemaphore
		change(mem)
		if _, err := localSem(b, kindSemaphore); errors.Is(err, ErrCorrupt) != (name != "good") {
			t.Errorf("%s: %v", name, err)
		}
		if name == "good" {
			if _, err := localSem(b, kindBounded); !errors.Is(err, ErrCorrupt) {
				t.Errorf("as another kind: %v", err)
			}
		}
		runtime.KeepAlive(b)
	}
}

// A semaphore that comes from nowhere, or with too little memory.
func TestSemaphoreBadHandle(t *testing.T) {
	small, err := newBlock(64)
	if err != nil {
		t.Skip(err)
	}
	var e codec.Encoder
	if err := small.Append(&e); err != nil {
		t.Fatal(err)
	}
	d := &codec.Decoder{Buf: e.Buf, Handles: func(i uint64) (any, error) { return e.Handles[i], nil }}
	if err := new(Semaphore).ReadHandle(d); !errors.Is(err, handle.ErrCorrupt) {
		t.Errorf("64 bytes of memory: %v", err)
	}
	if err := new(Semaphore).ReadHandle(&codec.Decoder{Buf: []byte{0, 0, 0}}); !errors.Is(err, handle.ErrCorrupt) {
		t.Errorf("no memory: %v", err)
	}
	if err := new(NamedSemaphore).ReadHandle(&codec.Decoder{Buf: []byte("\x09abc")}); err == nil {
		t.Error("half a name was opened")
	}
	want := fs.ErrInvalid
	if unsafe.Sizeof(uintptr(0)) < 8 {
		want = errors.ErrUnsupported
	}
	if err := new(NamedSemaphore).ReadHandle(&codec.Decoder{Buf: []byte("\x03a/b")}); !errors.Is(err, want) {
		t.Errorf("a bad name: %v", err)
	}
}

// FuzzSemaphoreWord has any memory whatever: operations end, and what they do to
// a good word is right.
func FuzzSemaphoreWord(f *testing.F) {
	f.Add(uint32(3), uint64(3<<slotBits), uint64(0), uint64(0), true)
	f.Add(uint32(0), plain(7), uint64(0), uint64(0), false)
	f.Add(uint32(1<<31-1), plain(maxPermits), uint64(1), uint64(1), false)
	f.Add(uint32(200), ^uint64(0), ^uint64(0), ^uint64(0), true)
	f.Add(uint32(2), uint64(1<<slotBits|1<<10|1), uint64(5), uint64(1<<20|1), false)
	f.Fuzz(func(t *testing.T, initial uint32, word, tenant, mine uint64, bounded bool) {
		kind := uint32(kindSemaphore)
		if bounded {
			kind = kindBounded
		}
		s := scribbled(initial&maxPermits, kind, word, tenant, mine)
		for range 2 {
			ok, err := s.try()
			if ok && err != nil {
				t.Fatal("got a permit and an error:", err)
			}
			before := s.free(s.mem.word.Load())
			err = s.release()
			after := s.free(s.mem.word.Load())
			switch {
			case err == nil && after != before+1:
				// Permits of the dead may have returned.
				if after <= before || after > s.initial && tenantOf(s.mem.word.Load()) != keepsNone {
					t.Fatalf("a release has made %d of %d", after, before)
				}
			case err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, threading.ErrReleasedTooOften) && !errors.Is(err, threading.ErrTooManyPermits):
				t.Fatal(err)
			}
			s.settle(lastSlot)
			s.value()
		}
	})
}
