//go:build unix

package handle

import (
	"errors"
	"io"
	"os"
	"reflect"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/shm"
)

// elsewhere makes of a handle what another process would see: its memory
// through other descriptors, under an identity not known here.
func elsewhere(t *testing.T, e *codec.Encoder) *codec.Decoder {
	t.Helper()
	return &codec.Decoder{Buf: e.Buf, Handles: func(i uint64) (any, error) {
		h := e.Handles[i].(*shm.Shared)
		f, err := h.Dup()
		if err != nil {
			return nil, err
		}
		other, err := shm.OpenShared(h.ID^1, f, h.Size)
		if err == nil {
			t.Cleanup(other.Release)
		}
		return other, err
	}}
}

func TestBlock(t *testing.T) {
	for _, size := range []int{1, 64, 65, 4096, ownSize, 1 << 20} {
		b, err := New(size)
		if err != nil {
			t.Fatal(err)
		}
		if len(b.Mem()) < size || uintptr(unsafe.Pointer(&b.Mem()[0]))%align != 0 {
			t.Errorf("New(%d) gave %d bytes at %p", size, len(b.Mem()), &b.Mem()[0])
		}
		for _, c := range b.Mem() {
			if c != 0 {
				t.Fatal("new memory is not zero")
			}
		}
		var e codec.Encoder
		if err := b.Append(&e); err != nil {
			t.Fatal(err)
		}
		d := elsewhere(t, &e)
		o, err := Read(d, size)
		if err != nil {
			t.Fatal(err)
		}
		b.Mem()[size-1] = 7
		if len(d.Buf) != 0 || o.Mem()[size-1] != 7 || len(o.Mem()) != len(b.Mem()) || o.Key() == b.Key() {
			t.Errorf("New(%d): the other side has other memory", size)
		}
		// Back home it is the same memory at the same place.
		h, err := Read(&codec.Decoder{Buf: e.Buf, Handles: func(i uint64) (any, error) { return e.Handles[i], nil }}, size)
		if err != nil || h.Key() != b.Key() || &h.Mem()[0] != &b.Mem()[0] {
			t.Errorf("New(%d) came home as another Block: %v", size, err)
		}
	}
	for _, size := range []int{0, -1} {
		if _, err := New(size); err == nil {
			t.Errorf("New(%d) succeeded", size)
		}
	}
}

func TestReadBad(t *testing.T) {
	b, err := New(64)
	if err != nil {
		t.Fatal(err)
	}
	handles := []any{shm.Lend(b.s.id, b.s.seg, b), "no memory", shm.Lend(b.s.id+1, &shm.Segment{}, nil)}
	for name, c := range map[string]struct {
		index, off, size uint64
		want             int
	}{
		"beyond the end":     {0, arenaSize, 64, 64},
		"too long":           {0, arenaSize - 64, 128, 64},
		"overflow":           {0, 64, 1<<64 - 64, 64},
		"not aligned":        {0, 8, 64, 64},
		"smaller than asked": {0, 0, 64, 128},
		"not memory":         {1, 0, 64, 64},
		"a bare descriptor":  {2, 0, 64, 64},
	} {
		var e codec.Encoder
		e.Uvarint(c.index)
		e.Uvarint(c.off)
		e.Uvarint(c.size)
		d := &codec.Decoder{Buf: e.Buf, Handles: func(i uint64) (any, error) { return handles[i], nil }}
		if _, err := Read(d, c.want); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
		for i := range e.Buf {
			if _, err := Read(&codec.Decoder{Buf: e.Buf[:i]}, 64); err == nil {
				t.Errorf("%s: %d bytes were enough", name, i)
			}
		}
		if _, err := Read(&codec.Decoder{Buf: e.Buf}, 64); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s without handles: %v", name, err)
		}
	}
	// A descriptor for less than was announced.
	short, err := shm.New(64)
	if err != nil {
		t.Fatal(err)
	}
	defer short.Close()
	liar := shm.Lend(shm.NewID(), &shm.Segment{Mem: make([]byte, 4096)}, nil)
	var e codec.Encoder
	e.Uvarint(0)
	e.Uvarint(0)
	e.Uvarint(4096)
	if _, err := Read(&codec.Decoder{Buf: e.Buf, Handles: func(uint64) (any, error) { return liar, nil }}, 64); err == nil {
		t.Error("memory without a descriptor was mapped")
	}
}

func TestFile(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var e codec.Encoder
	if err := AppendFile(&e, w); err != nil {
		t.Fatal(err)
	}
	w.Close()
	f, err := ReadFile(elsewhere(t, &e))
	if err != nil {
		t.Fatal(err)
	}
	if err := AppendFile(&e, w); err == nil {
		t.Error("a closed file can travel")
	}
	e.Handles[0].(*shm.Shared).Release()
	f.WriteString("through")
	f.Close()
	buf := make([]byte, 20)
	if n, _ := io.ReadFull(r, buf[:7]); string(buf[:n]) != "through" {
		t.Errorf("got %q", buf[:n])
	}
}

// until polls, with collections, for what cleanups do.
func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for range 2000 {
		runtime.GC()
		if cond() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal(what)
}

func TestLife(t *testing.T) {
	const size = 192 // nobody else's
	b, err := New(size)
	if err != nil {
		t.Fatal(err)
	}
	b.Mem()[3] = 9
	k := b.Key()
	runtime.KeepAlive(b)
	b = nil
	var again *Block
	until(t, "memory that was never sent is not used again", func() bool {
		mu.Lock()
		n := len(freed[size])
		mu.Unlock()
		return n > 0
	})
	if again, err = New(size); err != nil || again.Key() != k || again.Mem()[3] != 0 {
		t.Errorf("got %v with %d, %v", again.Key(), again.Mem()[3], err)
	}

	// A segment goes with its last Block, and its descriptor with it.
	big, err := New(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	id, seg := big.s.id, big.s.seg
	runtime.KeepAlive(big)
	big = nil
	until(t, "memory that nobody has stays mapped", func() bool {
		mu.Lock()
		defer mu.Unlock()
		_, there := segments[id]
		return !there && seg.File() == nil
	})
}

func TestLocals(t *testing.T) {
	type state struct{ b *Block }
	var l Locals[state]
	b, err := New(64)
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	get := func() *state {
		s, err := l.Get(b, func() (*state, error) { made++; return &state{b}, nil })
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := get()
	if get() != s || made != 1 {
		t.Errorf("made %d for one Block", made)
	}
	fail := errors.New("no")
	other, _ := New(64)
	if _, err := l.Get(other, func() (*state, error) { return nil, fail }); err != fail {
		t.Errorf("got %v", err)
	}
	runtime.KeepAlive(s)
	s = nil
	until(t, "what nobody has is kept", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.m) == 0
	})
	get()
	if made != 2 {
		t.Errorf("made %d", made)
	}
}

func FuzzRead(f *testing.F) {
	b, err := New(64)
	if err != nil {
		f.Fatal(err)
	}
	var e codec.Encoder
	if err := b.Append(&e); err != nil {
		f.Fatal(err)
	}
	f.Add(e.Buf)
	f.Fuzz(func(t *testing.T, in []byte) {
		o, err := Read(&codec.Decoder{Buf: in, Handles: func(i uint64) (any, error) {
			if i >= uint64(len(e.Handles)) {
				return nil, errors.New("no such handle")
			}
			return e.Handles[i], nil
		}}, 8)
		if err != nil {
			return
		}
		if m := o.Mem(); len(m) < 8 || !reflect.DeepEqual(m[len(m)-1:], m[len(m)-1:]) {
			t.Errorf("%d bytes", len(m))
		}
	})
}
