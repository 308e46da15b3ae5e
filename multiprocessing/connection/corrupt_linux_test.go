package connection

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/internal/shm"
)

func open2(t testing.TB) (a, b *Connection) {
	t.Helper()
	a, b, err := Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ends := []*Connection{a, b}
	t.Cleanup(func() {
		for i, c := range ends {
			c.Close()
			ends[i] = nil
		}
	})
	return a, b
}

// Another program writes anything into the memory of a pipe, at any time:
// every call returns, with an error or with nonsense.
func TestScribble(t *testing.T) {
	leak.Check(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	r := rand.New(rand.NewPCG(1, 2))
	corrupt := 0
	for round := range 2000 {
		a, b, err := Pipe()
		if err != nil {
			t.Fatal(err)
		}
		a.SendBytes(ended, make([]byte, r.IntN(1000)))
		a.SendBytes(ended, make([]byte, r.IntN(1000)))
		if round%100 == 0 {
			a.SendBytes(ended, make([]byte, 200_000))
			Send(ended, a, a)
		}
		mem := a.t.(*end).sh.block.Mem()
		for range 1 + r.IntN(4) {
			off := 16 + 8*r.IntN((laneHeader-16)/8+8)
			if off == 128 { // a lock: it might belong to somebody who lives
				continue
			}
			at := pipeHeader + (laneHeader+ringSize)*r.IntN(2) + off
			var v uint64
			switch r.IntN(4) {
			case 0:
				v = r.Uint64()
			case 1:
				v = r.Uint64() & 0xffff
			case 2:
				v = binary.NativeEndian.Uint64(mem[at:]) + 16*uint64(r.IntN(9)) - 64
			case 3:
				v = ^uint64(0) - r.Uint64N(100)
			}
			binary.NativeEndian.PutUint64(mem[at:], v)
		}
		for range 4 {
			for _, c := range []*Connection{a, b} {
				for _, err := range []error{
					c.SendBytes(ended, make([]byte, 500)),
					Send(ended, c, 1),
					func() error { _, err := c.RecvBytes(ended); return err }(),
					func() error { _, err := Recv[int](ended, c); return err }(),
				} {
					if errors.Is(err, ErrCorrupt) {
						corrupt++
					}
				}
				c.TryPoll()
				Wait(ended, c)
			}
		}
		a.Close()
		b.Close()
	}
	if corrupt < 1000 {
		t.Errorf("only %d calls noticed", corrupt)
	}
}

// Descriptors that a sender left behind which was killed before it put in the
// record are closed, although one of them keeps the pipe itself open.
func TestOrphanedPacket(t *testing.T) {
	leak.Check(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for _, wait := range []func(c *Connection) error{
		func(c *Connection) error { _, err := c.RecvBytes(ctx); return err },
		func(c *Connection) error {
			if _, err := Wait(ctx, c); err != nil {
				return err
			}
			_, err := c.RecvBytes(ctx)
			return err
		},
	} {
		a, b := open2(t)
		orphan(t, a, a)
		orphan(t, a, a)
		a.Close()
		if err := wait(b); err != io.EOF {
			t.Errorf("got %v", err)
		}
		// And before the packet of a message that was sent.
		c, d := open2(t)
		orphan(t, c, c)
		Send(ctx, c, d)
		x, err := Recv[*Connection](ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		x.Close()
	}
}

// orphan sends x's descriptors through c, but no record.
func orphan(t *testing.T, c, x *Connection) {
	t.Helper()
	var e codec.Encoder
	if err := x.AppendHandle(&e); err != nil {
		t.Fatal(err)
	}
	var m message
	for _, h := range e.Handles {
		m.files = append(m.files, h.(*shm.Shared))
	}
	defer m.release()
	packet, files, err := pack(&m, nil)
	if err != nil {
		t.Fatal(err)
	}
	end := c.t.(*end)
	number(packet, end.out.packets.Add(1))
	if err := end.sock.send(packet, files); err != nil {
		t.Fatal(err)
	}
}

// A record whose descriptors are missing is an error, and no end of waiting.
func TestMissingPacket(t *testing.T) {
	leak.Check(t)
	a, b := open2(t)
	l := a.t.(*end).out
	for _, flags := range []uint8{flagFiles, flagLarge, flagFiles | flagLarge} {
		rec := record{length: 10, kind: kindBytes, flags: flags, packet: 7}
		at, _, _ := l.fits(rec)
		l.put(at, rec, make([]byte, 10))
		if _, err := b.RecvBytes(t.Context()); !errors.Is(err, ErrCorrupt) {
			t.Errorf("flags %d: %v", flags, err)
		}
		l.drop(at, rec)
	}
	a.Close()
}

// The bytes of a Connection are checked before anything is opened.
func FuzzReadHandle(f *testing.F) {
	a, _ := open2(f)
	var e codec.Encoder
	if err := a.AppendHandle(&e); err != nil {
		f.Fatal(err)
	}
	f.Add(e.Buf)
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		var c Connection
		err := c.ReadHandle(&codec.Decoder{Buf: data, Handles: func(i uint64) (any, error) {
			if i < uint64(len(e.Handles)) {
				return e.Handles[i], nil
			}
			return nil, errors.New("no such handle")
		}})
		if err == nil {
			if c.Closed() || c.Close() != nil {
				t.Error("it was read, and is closed")
			}
		}
	})
}

// The bytes of a packet are checked, and all files are closed or returned.
func FuzzPacket(f *testing.F) {
	a, _ := open2(f)
	var e codec.Encoder
	if err := a.AppendHandle(&e); err != nil {
		f.Fatal(err)
	}
	var m message
	for _, h := range e.Handles {
		m.files = append(m.files, h.(*shm.Shared))
	}
	packet, _, err := pack(&m, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packet[4:], uint8(2))
	f.Add(bytes.Repeat([]byte{0xff}, 30), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, n uint8) {
		var files []*os.File
		for range n % 8 {
			file, err := os.Open(os.DevNull)
			if err != nil {
				t.Skip("no descriptors left")
			}
			files = append(files, file)
		}
		all := append([]*os.File(nil), files...)
		refs, _ := openRefs(data, files)
		for _, r := range refs {
			r.Release()
		}
		closeAll(files)
		for _, file := range all {
			if _, err := file.Stat(); !errors.Is(err, os.ErrClosed) {
				t.Error("a file was left open")
			}
		}
	})
}
