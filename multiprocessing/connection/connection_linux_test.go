package connection_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing/connection"
)

// Sizes on both sides of where the way of a message changes: the ring has 256
// KiB, half of which is the most that one message takes.
var sizes = []int{0, 1, 7, 8, 15, 16, 17, 4096, 65536, 128<<10 - 17, 128<<10 - 16, 128<<10 - 15, 128 << 10, 256 << 10, 1 << 20, 5<<20 + 3}

// filled returns n bytes that tell which message they belong to.
func filled(seq uint64, n int) []byte {
	b := make([]byte, n)
	for i := 0; i < n; i += 8 {
		var w [8]byte
		binary.LittleEndian.PutUint64(w[:], seq*0x9e3779b97f4a7c15+uint64(i))
		copy(b[i:], w[:])
	}
	return b
}

// within returns a context that ends the test when something hangs.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeoutCause(context.Background(), d, errHang)
	t.Cleanup(cancel)
	return ctx
}

var errHang = errors.New("the test hangs")

// over returns a context that has ended.
func over() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func TestBytes(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 20*time.Second)
	a, b := pipe(t)
	for _, dir := range [][2]*connection.Connection{{a, b}, {b, a}} {
		var wg sync.WaitGroup
		wg.Go(func() {
			for i, n := range sizes {
				if err := dir[0].SendBytes(ctx, filled(uint64(i), n)); err != nil {
					t.Errorf("sending %d bytes: %v", n, err)
				}
			}
		})
		for i, n := range sizes {
			got, err := dir[1].RecvBytes(ctx)
			if err != nil || got == nil || !bytes.Equal(got, filled(uint64(i), n)) {
				t.Fatalf("%d bytes became %d, %v", n, len(got), err)
			}
		}
		wg.Wait()
	}
}

// What is sent fits in at once, and comes out with a ctx that has ended.
func TestNoWait(t *testing.T) {
	leak.Check(t)
	a, b := pipe(t)
	for i, n := range sizes {
		if err := a.SendBytes(over(), filled(uint64(i), n)); err != nil {
			t.Fatalf("sending %d bytes: %v", n, err)
		}
		buf := make([]byte, n+1)
		if got, err := b.RecvBytesInto(over(), buf); got != n || err != nil || !bytes.Equal(buf[:n], filled(uint64(i), n)) {
			t.Fatalf("%d bytes became %d, %v", n, got, err)
		}
	}
}

func TestBufferTooShort(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 20*time.Second)
	a, b := pipe(t)
	for i, n := range sizes[1:] {
		want := filled(uint64(i), n)
		a.SendBytes(ctx, want)
		a.SendBytes(ctx, []byte("next"))
		buf := bytes.Repeat([]byte{7}, n-1)
		_, err := b.RecvBytesInto(ctx, buf)
		var short *connection.BufferTooShortError
		if !errors.As(err, &short) || !errors.Is(err, connection.ErrBufferTooShort) || !bytes.Equal(short.Message, want) {
			t.Fatalf("%d bytes into %d: %v", n, n-1, err)
		}
		if bytes.Count(buf, []byte{7}) != len(buf) {
			t.Errorf("%d bytes: the buffer was written to", n)
		}
		if next, err := b.RecvBytes(ctx); string(next) != "next" || err != nil {
			t.Fatalf("after a message of %d bytes: %q, %v", n, next, err)
		}
	}
}

func TestRecvBytesMax(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 20*time.Second)
	a, b := pipe(t)
	if _, err := b.RecvBytesMax(ctx, -1); err == nil {
		t.Error("a negative length was taken")
	}
	for i, n := range sizes[1:] {
		want := filled(uint64(i), n)
		a.SendBytes(ctx, want)
		for _, most := range []int{0, n - 1} {
			if _, err := b.RecvBytesMax(ctx, most); !errors.Is(err, connection.ErrTooLarge) {
				t.Fatalf("%d bytes, at most %d: %v", n, most, err)
			}
		}
		if got, err := b.RecvBytesMax(ctx, n); !bytes.Equal(got, want) || err != nil {
			t.Fatalf("%d bytes, at most %d: %d, %v", n, n, len(got), err)
		}
	}
	a.SendBytes(ctx, nil)
	if got, err := b.RecvBytesMax(ctx, 0); len(got) != 0 || err != nil {
		t.Errorf("an empty message: %v, %v", got, err)
	}
}

func TestTooLarge(t *testing.T) {
	if ^uint(0)>>32 == 0 {
		t.Skip("no slice is so long on a 32-bit system")
	}
	leak.Check(t)
	a, _ := pipe(t)
	// Memory that is there in name only, and a fault to touch.
	n := connection.MaxMessage
	b, err := unix.Mmap(-1, 0, n+1, unix.PROT_NONE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_NORESERVE)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(b)
	if err := a.SendBytes(t.Context(), b); !errors.Is(err, connection.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	// One byte less is read, and this memory cannot be.
	if err := a.SendBytes(t.Context(), b[:n]); !errors.Is(err, unix.EFAULT) {
		t.Errorf("got %v", err)
	}
}

// The end of the file comes after everything that was sent.
func TestEOF(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 20*time.Second)
	a, b := pipe(t)
	for i, n := range []int{3, 0, 200 << 10, 5} {
		a.SendBytes(ctx, filled(uint64(i), n))
	}
	a.Close()
	for i, n := range []int{3, 0, 200 << 10, 5} {
		if ok, err := b.TryPoll(); !ok || err != nil {
			t.Errorf("TryPoll before message %d: %v, %v", i, ok, err)
		}
		if got, err := b.RecvBytes(over()); !bytes.Equal(got, filled(uint64(i), n)) || err != nil {
			t.Fatalf("message %d: %d bytes, %v", i, len(got), err)
		}
	}
	for range 2 {
		for name, recv := range map[string]func() error{
			"RecvBytes":     func() error { _, err := b.RecvBytes(over()); return err },
			"RecvBytesMax":  func() error { _, err := b.RecvBytesMax(ctx, 1); return err },
			"RecvBytesInto": func() error { _, err := b.RecvBytesInto(ctx, nil); return err },
			"Recv":          func() error { _, err := b.Recv(ctx); return err },
			"Recv[int]":     func() error { _, err := connection.Recv[int](ctx, b); return err },
		} {
			if err := recv(); err != io.EOF {
				t.Errorf("%s at the end: %v", name, err)
			}
		}
		if ok, err := b.TryPoll(); !ok || err != nil {
			t.Errorf("TryPoll at the end: %v, %v", ok, err)
		}
		if ok, err := b.Poll(over()); !ok || err != nil {
			t.Errorf("Poll at the end: %v, %v", ok, err)
		}
	}
	for range 2 {
		err := b.SendBytes(over(), []byte("x"))
		if !errors.Is(err, connection.ErrBrokenPipe) || !errors.Is(err, syscall.EPIPE) || !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("sending after the end: %v", err)
		}
		if err := connection.Send(ctx, b, 1); !errors.Is(err, connection.ErrBrokenPipe) {
			t.Errorf("sending after the end: %v", err)
		}
	}
}

// Who waits learns that the other side was closed, and that its own was.
func TestCloseWakes(t *testing.T) {
	leak.Check(t)
	for _, own := range []bool{false, true} {
		ctx := within(t, 20*time.Second)
		a, b := pipe(t)
		var wg sync.WaitGroup
		recvErr, sendErr := io.EOF, connection.ErrBrokenPipe
		if own {
			recvErr, sendErr = connection.ErrClosed, connection.ErrClosed
		}
		for range 3 {
			wg.Go(func() {
				if _, err := a.RecvBytes(ctx); !errors.Is(err, recvErr) {
					t.Errorf("own %v: receiving: %v", own, err)
				}
			})
			wg.Go(func() {
				for {
					if err := a.SendBytes(ctx, make([]byte, 10_000)); err != nil {
						if !errors.Is(err, sendErr) {
							t.Errorf("own %v: sending: %v", own, err)
						}
						return
					}
				}
			})
			wg.Go(func() {
				if ok, err := a.Poll(ctx); !own && (!ok || err != nil) {
					t.Errorf("Poll: %v, %v", ok, err)
				}
			})
			wg.Go(func() {
				if r, err := connection.Wait(ctx, a); len(r) != 1 || err != nil {
					t.Errorf("Wait: %v, %v", r, err)
				}
			})
		}
		time.Sleep(3 * time.Millisecond) // some sleep by now; none has to
		if own {
			a.Close()
		} else {
			b.Close()
		}
		wg.Wait()
		a.Close()
	}
}

func TestClosed(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 20*time.Second)
	a, _ := pipe(t)
	if a.Closed() || !a.Readable() || !a.Writable() {
		t.Error("a new end")
	}
	for range 2 {
		if err := a.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if !a.Closed() || !a.Readable() || !a.Writable() || !a.Ready() {
		t.Error("a closed end")
	}
	other, _ := pipe(t)
	for name, c := range map[string]*connection.Connection{"closed": a, "zero": new(connection.Connection)} {
		for op, err := range map[string]error{
			"SendBytes":     c.SendBytes(ctx, nil),
			"Send":          c.Send(ctx, 1),
			"Send[int]":     connection.Send(ctx, c, 1),
			"RecvBytes":     second(c.RecvBytes(ctx)),
			"RecvBytesInto": second(c.RecvBytesInto(ctx, nil)),
			"RecvBytesMax":  second(c.RecvBytesMax(ctx, 1)),
			"Recv":          second(c.Recv(ctx)),
			"Recv[int]":     second(connection.Recv[int](ctx, c)),
			"Poll":          second(c.Poll(ctx)),
			"TryPoll":       second(c.TryPoll()),
			"sent away":     connection.Send(ctx, other, c),
		} {
			if !errors.Is(err, connection.ErrClosed) || !errors.Is(err, os.ErrClosed) {
				t.Errorf("%s: %s: %v", name, op, err)
			}
		}
		if r, err := connection.Wait(ctx, c); len(r) != 1 || err != nil {
			t.Errorf("%s: Wait: %v, %v", name, r, err)
		}
		if !strings.Contains(c.String(), "closed") {
			t.Errorf("%s: %v", name, c)
		}
	}
	var null *connection.Connection
	if err := null.SendBytes(ctx, nil); err == nil {
		t.Error("sent through nil")
	}
	if _, err := null.Recv(ctx); err == nil {
		t.Error("received from nil")
	}
}

func second[T any](_ T, err error) error { return err }

func TestOneWay(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 20*time.Second)
	r, w, err := connection.OneWayPipe()
	if err != nil {
		t.Fatal(err)
	}
	closes(t, r, w)
	if !r.Readable() || r.Writable() || w.Readable() || !w.Writable() {
		t.Error("Readable or Writable")
	}
	if err := r.SendBytes(ctx, nil); err != connection.ErrReadOnly {
		t.Errorf("sending at the receiving end: %v", err)
	}
	if err := connection.Send(ctx, r, 1); err != connection.ErrReadOnly {
		t.Errorf("sending at the receiving end: %v", err)
	}
	for op, err := range map[string]error{
		"RecvBytes": second(w.RecvBytes(ctx)),
		"Recv":      second(w.Recv(ctx)),
		"Poll":      second(w.Poll(ctx)),
		"TryPoll":   second(w.TryPoll()),
	} {
		if err != connection.ErrWriteOnly {
			t.Errorf("%s at the sending end: %v", op, err)
		}
	}
	connection.Send(ctx, w, 1)
	if x, err := connection.Recv[int](ctx, r); x != 1 || err != nil {
		t.Errorf("got %v, %v", x, err)
	}
	if w.Ready() {
		t.Error("the sending end is ready")
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if x, err := connection.Wait(ctx, w); len(x) != 1 || err != nil {
			t.Errorf("Wait for the sending end: %v, %v", x, err)
		}
	}()
	r.Close()
	<-done
	if !w.Ready() {
		t.Error("the sending end is not ready although nobody receives")
	}
	for _, c := range []*connection.Connection{r, w} {
		t.Log(c)
	}
}

func TestContext(t *testing.T) {
	leak.Check(t)
	a, b := pipe(t)
	enough := errors.New("enough")
	full := func(ctx context.Context) (err error) {
		for err == nil {
			err = a.SendBytes(ctx, make([]byte, 100_000))
		}
		return err
	}
	for name, wait := range map[string]func(ctx context.Context) error{
		"RecvBytes": func(ctx context.Context) error { _, err := b.RecvBytes(ctx); return err },
		"Recv":      func(ctx context.Context) error { _, err := connection.Recv[string](ctx, b); return err },
		"Poll":      func(ctx context.Context) error { _, err := b.Poll(ctx); return err },
		"Wait":      func(ctx context.Context) error { _, err := connection.Wait(ctx, b, b); return err },
	} {
		if err := wait(over()); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, over: %v", name, err)
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Millisecond, enough)
		if err := wait(ctx); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, enough) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
	if err := full(over()); !errors.Is(err, context.Canceled) {
		t.Errorf("SendBytes, over: %v", err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Millisecond, enough)
	defer cancel()
	if err := full(ctx); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, enough) {
		t.Errorf("SendBytes: %v", err)
	}
	// Nothing was sent in part.
	a.Close()
	for n := 0; ; n++ {
		got, err := b.RecvBytes(t.Context())
		if err == io.EOF {
			if n != 2 {
				t.Errorf("%d messages", n)
			}
			break
		}
		if len(got) != 100_000 || err != nil {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
	}
}

// Large messages wait for each other, small ones for room, and none is lost.
func TestFull(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 20*time.Second)
	for _, n := range []int{1, 100, 5000, 100_000, 3 << 20} {
		a, b := pipe(t)
		const count = 40
		sent := 0
		for ; sent < 100_000; sent++ {
			if err := a.SendBytes(over(), filled(uint64(sent), n)); err != nil {
				break
			}
		}
		if most := 12 << 20 / n; sent == 0 || sent == 100_000 || sent > most {
			t.Fatalf("%d messages of %d bytes fit in", sent, n)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range count {
				if err := a.SendBytes(ctx, filled(uint64(sent+i), n)); err != nil {
					t.Errorf("%d bytes, message %d: %v", n, i, err)
				}
			}
			a.Close()
		}()
		i := 0
		for ; ; i++ {
			got, err := b.RecvBytes(ctx)
			if err == io.EOF {
				break
			}
			if err != nil || !bytes.Equal(got, filled(uint64(i), n)) {
				t.Fatalf("%d bytes, message %d: %d bytes, %v", n, i, len(got), err)
			}
		}
		<-done
		if i != sent+count {
			t.Errorf("%d bytes: %d of %d messages", n, i, sent+count)
		}
	}
}

// Any number of goroutines may use each end.
func TestConcurrent(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 30*time.Second)
	a, b := pipe(t)
	const senders, receivers, each = 5, 4, 300
	var sending, receiving sync.WaitGroup
	for s := range senders {
		sending.Go(func() {
			for i := range each {
				n := 16 + (i*i*37)%3000
				if i%50 == 0 {
					n = 200_000
				}
				id := uint64(s)<<32 | uint64(i)
				msg := filled(id, n)
				binary.LittleEndian.PutUint64(msg, id)
				if err := a.SendBytes(ctx, msg); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var mu sync.Mutex
	seen := map[uint64]int{}
	for range receivers {
		receiving.Go(func() {
			last := map[uint64]uint64{}
			for {
				got, err := b.RecvBytes(ctx)
				if err == io.EOF {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				id := binary.LittleEndian.Uint64(got)
				if !bytes.Equal(got[8:], filled(id, len(got))[8:]) {
					t.Errorf("message %x is torn", id)
				}
				if prev, ok := last[id>>32]; ok && prev >= id {
					t.Errorf("message %x after %x", id, prev)
				}
				last[id>>32] = id
				mu.Lock()
				seen[id]++
				mu.Unlock()
			}
		})
	}
	sending.Wait()
	a.Close()
	receiving.Wait()
	if len(seen) != senders*each {
		t.Errorf("%d of %d messages", len(seen), senders*each)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("message %x came %d times", id, n)
		}
	}
}
