package sharedmemory_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing/sharedmemory"
)

type write struct {
	To   *sharedmemory.SharedMemory
	Text string
}

type deep struct {
	Writes []write
	Lists  map[string]*sharedmemory.ShareableList
	None   *sharedmemory.SharedMemory
	NoList *sharedmemory.ShareableList
}

var (
	writeIt = conex.Register("test/shmem/write", func(_ context.Context, w write) (int, error) {
		defer w.To.Close()
		return copy(w.To.Bytes(), w.Text), nil
	})
	writeDeep = conex.Register("test/shmem/deep", func(_ context.Context, d deep) (string, error) {
		for _, w := range d.Writes {
			copy(w.To.Bytes(), w.Text)
			w.To.Close()
		}
		for name, l := range d.Lists {
			if err := l.Set(0, name); err != nil {
				return "", err
			}
			l.Close()
		}
		if d.None != nil || d.NoList != nil {
			return "", errors.New("nil has come as something")
		}
		return "done", nil
	})
	// forgetful functions leave it to the collector to close what they got.
	forgetful = conex.Register("test/shmem/forgetful", func(_ context.Context, w write) (int, error) {
		return copy(w.To.Bytes(), w.Text), nil
	})
	mappedIn = conex.Register("test/shmem/mapped", func(context.Context, int) (int, error) {
		runtime.GC()
		n, _ := sharedmemory.Mapped()
		return n, nil
	})
	makeOne = conex.Register("test/shmem/make", func(_ context.Context, text string) (*sharedmemory.SharedMemory, error) {
		s, err := sharedmemory.Create(sharedmemory.Config{Size: len(text)})
		if err == nil {
			copy(s.Bytes(), text)
		}
		return s, err
	})
)

func newPool(t testing.TB, workers int) *process.Pool {
	t.Helper()
	p, err := process.NewPool(process.Config{Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func TestSend(t *testing.T) {
	leak.Check(t)
	p := newPool(t, 1)
	for _, untracked := range []bool{false, true} {
		s := block(t, sharedmemory.Config{Size: 512, Untracked: untracked})
		for _, text := range []string{"howdy", "HELLO"} {
			n, err := futures.Submit(ctx, p, writeIt, write{s, text}).Result(ctx)
			if err != nil || n != 5 || string(s.Bytes()[:5]) != text {
				t.Errorf("%d, %v: %q", n, err, s.Bytes()[:5])
			}
		}
		if !exists(s.Name()) {
			t.Error("the worker has unlinked it")
		}
	}
}

func TestSendNested(t *testing.T) {
	leak.Check(t)
	p := newPool(t, 1)
	a, b := block(t, sharedmemory.Config{Size: 8}), block(t, sharedmemory.Config{Size: 8})
	l := list(t, "        ", 1)
	got, err := futures.Submit(ctx, p, writeDeep, deep{
		Writes: []write{{a, "a"}, {b, "b"}, {a, "c"}},
		Lists:  map[string]*sharedmemory.ShareableList{"key": l},
	}).Result(ctx)
	if err != nil || got != "done" {
		t.Fatal(got, err)
	}
	if a.Bytes()[0] != 'c' || b.Bytes()[0] != 'b' {
		t.Errorf("%q %q", a.Bytes(), b.Bytes())
	}
	wantItems(t, l, "key", int64(1))
}

// A result: the worker made it, the parent unlinks it. It stays while the
// worker lives or the parent has it open.
func TestSendBack(t *testing.T) {
	leak.Check(t)
	p := newPool(t, 1)
	s, err := futures.Submit(ctx, p, makeOne, "made by a worker").Result(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p.Kill()
	sharedmemory.Sweep()
	if string(s.Bytes()) != "made by a worker" || !exists(s.Name()) {
		t.Errorf("%v: %q", s, s.Bytes())
	}
	if err := s.Unlink(); err != nil {
		t.Error(err)
	}
}

// Blocks that a function has not closed are closed by the collector.
func TestSentIsCollected(t *testing.T) {
	leak.Check(t)
	p := newPool(t, 1)
	for range 20 {
		s := block(t, sharedmemory.Config{Size: 1 << 16})
		if _, err := futures.Submit(ctx, p, forgetful, write{s, "x"}).Result(ctx); err != nil {
			t.Fatal(err)
		}
		s.Close()
		s.Unlink()
	}
	eventually(t, "the worker closes what it forgot", func() bool {
		n, err := futures.Submit(ctx, p, mappedIn, 0).Result(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return n == 0
	})
}

func TestSendGone(t *testing.T) {
	leak.Check(t)
	p := newPool(t, 1)
	send := func(s *sharedmemory.SharedMemory) error {
		_, err := futures.Submit(ctx, p, writeIt, write{s, "x"}).Result(ctx)
		return err
	}
	name := testName("sent")
	first := block(t, sharedmemory.Config{Name: name, Size: 8})
	must(0, first.Unlink())
	if err := send(first); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an unlinked block: %v", err)
	}
	second := block(t, sharedmemory.Config{Name: name, Size: 8})
	if err := send(first); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "another block") {
		t.Errorf("another block has its name: %v", err)
	}
	if err := send(second); err != nil {
		t.Error(err)
	}
	// Sent though it is closed here: what counts is the name.
	second.Close()
	if err := send(second); err != nil {
		t.Error(err)
	}
	if err := send(new(sharedmemory.SharedMemory)); err == nil {
		t.Error("a zero SharedMemory was sent")
	}
	if err := send(second); err != nil {
		t.Error("after all that:", err)
	}
}

// The same bytes decode to a shorter block if the file was cut since.
func TestSendCut(t *testing.T) {
	leak.Check(t)
	s := block(t, sharedmemory.Config{Size: 100})
	var e codec.Encoder
	if err := s.AppendHandle(&e); err != nil {
		t.Fatal(err)
	}
	must(0, os.Truncate("/dev/shm/"+s.Name(), 50))
	var got sharedmemory.SharedMemory
	if err := got.ReadHandle(&codec.Decoder{Buf: e.Buf}); !errors.Is(err, sharedmemory.ErrTooShort) {
		t.Error(err)
	}
	for i := range e.Buf {
		var got sharedmemory.SharedMemory
		if err := got.ReadHandle(&codec.Decoder{Buf: e.Buf[:i:i]}); err == nil {
			t.Errorf("%d of %d bytes were enough", i, len(e.Buf))
		}
	}
	var l sharedmemory.ShareableList
	small := block(t, sharedmemory.Config{Size: 8})
	small.Bytes()[0] = 9
	e.Reset()
	must(0, small.AppendHandle(&e))
	if err := l.ReadHandle(&codec.Decoder{Buf: e.Buf}); !errors.Is(err, sharedmemory.ErrCorrupt) {
		t.Error(err)
	}
	if l.Len() != 0 {
		t.Error(&l)
	}
}

// Whatever arrives as a handle: an error, or the block that is meant.
func FuzzReadHandle(f *testing.F) {
	s, err := sharedmemory.Create(sharedmemory.Config{Size: 32})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close(); s.Unlink() })
	var e codec.Encoder
	must(0, s.AppendHandle(&e))
	f.Add(e.Buf)
	f.Add([]byte("\x02..\x01\x01"))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var got sharedmemory.SharedMemory
		if err := got.ReadHandle(&codec.Decoder{Buf: data}); err == nil {
			if len(got.Bytes()) != got.Size() || got.Close() != nil {
				t.Error(&got)
			}
		}
		var l sharedmemory.ShareableList
		if err := l.ReadHandle(&codec.Decoder{Buf: data}); err == nil {
			l.Items()
			l.Close()
		}
	})
}

func TestCollected(t *testing.T) {
	leak.Check(t)
	base, _ := sharedmemory.Mapped()
	name := testName("collected")
	s := block(t, sharedmemory.Config{Name: name, Size: 1 << 16})
	s.Close()
	mapped := func() bool { n, _ := sharedmemory.Mapped(); return n > base }
	if mapped() {
		t.Fatal("a closed block is mapped")
	}
	// Forgotten without a look: closed. With views that were forgotten, too.
	func() {
		must(sharedmemory.Attach(name))
		must(sharedmemory.NewView[int64](must(sharedmemory.Attach(name))))
		if !mapped() {
			t.Fatal("not mapped")
		}
	}()
	eventually(t, "it is closed", func() bool { runtime.GC(); return !mapped() })
	if !exists(name) {
		t.Error("the collector has unlinked it")
	}
	// A view keeps its block.
	v := must(sharedmemory.NewView[uint8](must(sharedmemory.Attach(name))))
	for range 5 {
		runtime.GC()
		must(0, v.Set(1<<16-1, 1))
	}
	v.Close()
	eventually(t, "the view's block is closed", func() bool { runtime.GC(); return !mapped() })

	// Whose bytes were taken stays: somebody may use them.
	pinned := must(sharedmemory.Attach(name)).Bytes()
	for range 5 {
		runtime.GC()
		pinned[0]++
	}
	if pinned[0] != 5 {
		t.Error(pinned[0])
	}
}
