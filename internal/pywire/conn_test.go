package pywire

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
)

// within is a context for what must not take long.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// over has ended.
func over() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errEnough)
	return ctx
}

var errEnough = errors.New("enough")

// pair returns the two ends of a network connection.
func pair(t testing.TB, network string) (a, b net.Conn) {
	t.Helper()
	addr := "127.0.0.1:0"
	if network == "unix" {
		addr = filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial(network, l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

func filled(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7 >> 3)
	}
	return b
}

func TestFrames(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		for _, keep := range []bool{false, true} {
			leak.Check(t)
			ctx := within(t)
			x, y := pair(t, network)
			a, b := NewConn(x, 0), NewConn(y, 0)
			if keep && b.KeepFiles(4) != (network == "unix") {
				t.Error("KeepFiles")
			}
			sizes := []int{0, 1, 3, 507, 508, 509, 512, 5000, 8188, 8189, joined - 4, joined, joined + 1, 65536, 65537, 3 << 20, 0, 17}
			go func() {
				for _, n := range sizes {
					if err := a.WriteFrame(ctx, filled(n)); err != nil {
						t.Error(err)
					}
				}
				a.Close()
			}()
			buf := make([]byte, 600)
			for i, n := range sizes {
				var got []byte
				var err error
				if i%2 == 0 {
					got, err = b.ReadFrame(ctx)
				} else {
					got, err = b.ReadFrameInto(ctx, buf)
				}
				if err != nil || !bytes.Equal(got, filled(n)) || got == nil {
					t.Fatalf("%s, %d bytes: %d bytes, %v", network, n, len(got), err)
				}
			}
			for range 2 {
				if _, err := b.ReadFrame(ctx); err != io.EOF {
					t.Errorf("at the end: %v", err)
				}
			}
			if !b.Ready() || b.Alive() {
				t.Error("the end is not noticed")
			}
			b.Close()
			if _, err := a.ReadFrame(ctx); !errors.Is(err, net.ErrClosed) {
				t.Errorf("closed: %v", err)
			}
			if err := a.WriteFrame(ctx, nil); !errors.Is(err, net.ErrClosed) {
				t.Errorf("closed: %v", err)
			}
		}
	}
}

// What arrives byte by byte, and under contexts that end all the time, is what
// was sent.
func TestResume(t *testing.T) {
	leak.Check(t)
	x, y := pair(t, "tcp")
	b := NewConn(y, 0)
	var stream []byte
	sizes := []int{5, 0, 700, 20, 3000}
	for i, n := range sizes {
		if i%2 == 0 {
			stream = header(stream, n)
		} else {
			stream = append(stream, 0xff, 0xff, 0xff, 0xff)
			stream = binary.BigEndian.AppendUint64(stream, uint64(n))
		}
		stream = append(stream, filled(n)...)
	}
	ended, got := over(), 0
	buf := make([]byte, 64)
	for i := range stream {
		if _, err := x.Write(stream[i : i+1]); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			var f []byte
			var err error
			if i%3 == 0 {
				f, err = b.ReadFrame(ended)
			} else {
				f, err = b.ReadFrameInto(ended, buf)
			}
			if err == nil {
				if got == len(sizes) || !bytes.Equal(f, filled(sizes[got])) {
					t.Fatalf("after %d bytes: frame %d with %d bytes", i, got, len(f))
				}
				got++
			} else if !errors.Is(err, context.Canceled) || !errors.Is(err, errEnough) {
				t.Fatal(err)
			}
		}
	}
	for got < len(sizes) { // the last bytes take a moment
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		if f, err := b.ReadFrame(ctx); err == nil {
			if !bytes.Equal(f, filled(sizes[got])) {
				t.Fatalf("frame %d with %d bytes", got, len(f))
			}
			got++
		} else if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		cancel()
	}
}

func TestBadFrames(t *testing.T) {
	for name, c := range map[string]struct {
		data string
		want error
	}{
		"nothing":             {"", io.EOF},
		"half a header":       {"\x00\x00", io.ErrUnexpectedEOF},
		"a header":            {"\x00\x00\x00\x10", io.ErrUnexpectedEOF},
		"half a frame":        {"\x00\x00\x00\x10abc", io.ErrUnexpectedEOF},
		"-2":                  {"\xff\xff\xff\xfeabc", ErrFrame},
		"the least":           {"\x80\x00\x00\x00abc", ErrFrame},
		"half a long header":  {"\xff\xff\xff\xff\x00\x00\x00", io.ErrUnexpectedEOF},
		"2**62":               {"\xff\xff\xff\xff\x40\x00\x00\x00\x00\x00\x00\x00abc", ErrTooLong},
		"2**64-1":             {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xffabc", ErrTooLong},
		"1001, at most 1000":  {"\x00\x00\x03\xe9abc", ErrTooLong},
		"1000, at most 1000":  {"\x00\x00\x03\xe8abc", io.ErrUnexpectedEOF},
		"long form, a header": {"\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x05", io.ErrUnexpectedEOF},
	} {
		x, y := pair(t, "tcp")
		b := NewConn(y, 1000)
		io.WriteString(x, c.data)
		x.Close()
		for range 2 {
			if _, err := b.ReadFrame(within(t)); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// A length that is announced takes no memory.
func TestAnnounced(t *testing.T) {
	x, y := pair(t, "unix")
	b := NewConn(y, 0)
	x.Write([]byte("\x7f\xff\xff\xffabc"))
	if n, err := b.Next(within(t)); n != 0x7fffffff || err != nil {
		t.Fatal(n, err)
	}
	if got := testing.AllocsPerRun(1, func() { b.ReadFrame(over()) }); got > 10 {
		t.Errorf("%v allocations", got)
	}
	if cap(b.part) > 64<<10 {
		t.Errorf("%d bytes for 3", cap(b.part))
	}
	// Longer ones than wanted stay.
	c := NewConn(x, 0)
	y.Write([]byte("\x00\x00\x00\x03abc"))
	var long *TooLongError
	if _, err := c.ReadFrameMax(within(t), 2); !errors.As(err, &long) || long.Length != 3 || long.Most != 2 {
		t.Error(err)
	}
	if f, err := c.ReadFrame(within(t)); string(f) != "abc" || err != nil {
		t.Error(f, err)
	}
}

func TestWriteContext(t *testing.T) {
	leak.Check(t)
	x, y := pair(t, "unix")
	a, b := NewConn(x, 0), NewConn(y, 0)
	n := 0
	for ; ; n++ {
		err := a.WriteFrame(over(), filled(9000))
		if err != nil {
			if !errors.Is(err, errEnough) || !errors.Is(err, context.Canceled) || errors.Is(err, ErrBroken) {
				t.Error(err)
			}
			break
		}
	}
	if n < 2 {
		t.Errorf("%d frames had room", n)
	}
	for i := range n {
		if f, err := b.ReadFrame(within(t)); err != nil || len(f) != 9000 {
			t.Fatal(i, len(f), err)
		}
	}
	// And one that is cut off.
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		b.Next(within(t))
		cancel(errEnough)
	}()
	err := a.WriteFrame(ctx, make([]byte, 10<<20))
	if !errors.Is(err, ErrBroken) || !errors.Is(err, errEnough) || !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
	if err := a.WriteFrame(within(t), nil); !errors.Is(err, ErrBroken) {
		t.Error(err)
	}
	if _, err := b.ReadFrame(within(t)); err != io.ErrUnexpectedEOF {
		t.Error(err)
	}
}

func TestReadContext(t *testing.T) {
	leak.Check(t)
	x, y := pair(t, "unix")
	a, b := NewConn(x, 0), NewConn(y, 0)
	for range 50 {
		ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Microsecond, errEnough)
		if _, err := b.ReadFrame(ctx); !errors.Is(err, errEnough) || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		cancel()
		if err := a.WriteFrame(context.Background(), []byte("x")); err != nil {
			t.Error(err)
		}
		if f, err := b.ReadFrame(context.Background()); string(f) != "x" || err != nil {
			t.Error(f, err)
		}
	}
}

func TestHangup(t *testing.T) {
	leak.Check(t)
	for range 20 {
		x, y := pair(t, "tcp")
		a, b := NewConn(x, 0), NewConn(y, 0)
		called := make(chan struct{})
		stop := b.Hangup(func() { close(called) })
		// Early frames do no harm, nor does stopping and beginning again.
		a.WriteFrame(within(t), filled(3000))
		stop()
		stop = b.Hangup(func() { close(called) })
		a.WriteFrame(within(t), []byte("second"))
		select {
		case <-called:
			t.Error("nobody has hung up")
		case <-time.After(time.Millisecond):
		}
		a.Close()
		<-called
		stop()
		if f, err := b.ReadFrame(within(t)); err != nil || !bytes.Equal(f, filled(3000)) {
			t.Fatal(len(f), err)
		}
		if f, err := b.ReadFrame(within(t)); err != nil || string(f) != "second" {
			t.Fatal(f, err)
		}
		if _, err := b.ReadFrame(within(t)); err != io.EOF {
			t.Error(err)
		}
		b.Close()
	}
}

// After more than it keeps, it stops looking.
func TestHangupFull(t *testing.T) {
	leak.Check(t)
	x, y := pair(t, "tcp")
	a, b := NewConn(x, 0), NewConn(y, 0)
	stop := b.Hangup(func() { t.Error("called") })
	go func() {
		for range 10 {
			a.WriteFrame(within(t), filled(20_000))
		}
		a.Close()
	}()
	for {
		stop()
		if len(b.buf) == mostEarly {
			break
		}
		stop = b.Hangup(func() { t.Error("called") })
		time.Sleep(100 * time.Microsecond)
	}
	for range 10 {
		if f, err := b.ReadFrame(within(t)); err != nil || len(f) != 20_000 {
			t.Fatal(len(f), err)
		}
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	for _, network := range []string{"tcp", "unix"} {
		b.Run(network, func(b *testing.B) {
			x, y := pair(b, network)
			a, s := NewConn(x, 0), NewConn(y, 0)
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			go func() {
				buf := make([]byte, 256)
				for {
					f, err := s.ReadFrameInto(ctx, buf)
					if err != nil {
						return
					}
					s.WriteFrame(ctx, f)
				}
			}()
			msg, buf := make([]byte, 60), make([]byte, 256)
			b.ReportAllocs()
			for b.Loop() {
				a.WriteFrame(ctx, msg)
				if _, err := a.ReadFrameInto(ctx, buf); err != nil {
					b.Fatal(err)
				}
			}
			a.Close()
		})
	}
}

// What it costs to look out for the other side's end during a request.
func BenchmarkHangup(b *testing.B) {
	x, _ := pair(b, "unix")
	a := NewConn(x, 0)
	b.ReportAllocs()
	for b.Loop() {
		a.Hangup(func() {})()
	}
}
