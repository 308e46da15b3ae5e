package pywire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
)

// A bell is a Waker that can be waited for.
type bell chan struct{}

func (b bell) Wake() { b <- struct{}{} }

// lots makes one without patience, unless told otherwise.
func lots(t *testing.T, patience time.Duration) *Lot {
	l := NewLot(patience)
	t.Cleanup(l.Close)
	return l
}

// What is parked has no buffer, wakes for the first byte of a frame, and loses
// none of them.
func TestPark(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			leak.Check(t)
			x, y := pair(t, network)
			c, woken, l := NewConn(y, 0), make(bell, 1), lots(t, 0)
			frame := header(nil, 3000)
			frame = append(frame, filled(3000)...)
			for i := range 50 {
				if l.Wait(c) {
					t.Fatal("ready, and nothing has come")
				}
				if !l.Park(c, woken) {
					t.Fatal("not parked")
				}
				if c.rd != nil || c.buf != nil || l.Len() != 1 {
					t.Fatalf("%d bytes are kept, %d parked", len(c.buf), l.Len())
				}
				cut := 1 + i%8 // also within the header
				x.Write(frame[:cut])
				<-woken
				if l.Len() != 0 {
					t.Fatal("parked and woken")
				}
				if !l.Wait(c) {
					t.Fatal("not ready")
				}
				go x.Write(frame[cut:])
				if f, err := c.ReadFrame(within(t)); err != nil || !bytes.Equal(f, filled(3000)) {
					t.Fatal(len(f), err)
				}
			}
			c.Close()
		})
	}
}

// Bytes that come at any moment around the parking wake, and wake once.
func TestParkRace(t *testing.T) {
	leak.Check(t)
	x, y := pair(t, "unix")
	a, c, l := NewConn(x, 0), NewConn(y, 0), lots(t, 0)
	const n = 2000
	go func() {
		for i := range n {
			a.WriteFrame(context.Background(), []byte{byte(i)})
			if i%3 == 0 {
				a.ReadFrame(context.Background()) // until that one has arrived
			}
		}
		a.Close()
	}()
	woken := make(bell, 1)
	parkings := 0
	for i := 0; ; i++ {
		for !l.Wait(c) {
			if l.Park(c, woken) {
				parkings++
				<-woken
			}
		}
		f, err := c.ReadFrame(within(t))
		if err == io.EOF && i == n {
			break
		}
		if err != nil || len(f) != 1 || f[0] != byte(i) {
			t.Fatal(i, f, err)
		}
		if i%3 == 0 {
			c.WriteFrame(context.Background(), nil)
		}
	}
	c.Close()
	t.Log("parked", parkings, "times")
	select {
	case <-woken:
		t.Error("woken twice")
	default:
	}
}

// The end of a connection wakes, whichever side closes it.
func TestParkEnd(t *testing.T) {
	for name, end := range map[string]func(x net.Conn, c *Conn){
		"other": func(x net.Conn, _ *Conn) { x.Close() },
		"own":   func(_ net.Conn, c *Conn) { c.Close() },
		"both":  func(x net.Conn, c *Conn) { go x.Close(); c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			l := lots(t, 0)
			for range 50 {
				x, y := pair(t, "unix")
				c, woken := NewConn(y, 0), make(bell, 1)
				ends := make(chan struct{})
				go func() { // also while it is being parked
					defer close(ends)
					end(x, c)
				}()
				if l.Park(c, woken) {
					<-woken
				}
				<-ends
				if _, err := c.ReadFrame(within(t)); err != io.EOF && !errors.Is(err, net.ErrClosed) {
					t.Fatal(err)
				}
				c.Close()
				x.Close()
				if l.Len() != 0 {
					t.Fatal("it is still there")
				}
			}
		})
	}
}

// The deadline of Wait ends nothing else.
func TestWaitDeadline(t *testing.T) {
	leak.Check(t)
	x, y := pair(t, "tcp")
	a, c, l := NewConn(x, 0), NewConn(y, 0), lots(t, time.Millisecond)
	begin := func() {
		t.Helper()
		for ok := false; !ok; ok = c.due { // on a busy machine it may be over already
			a.WriteFrame(within(t), []byte("first"))
			for !l.Wait(c) {
			}
			if f, err := c.ReadFrame(within(t)); err != nil || string(f) != "first" {
				t.Fatal(f, err)
			}
		}
	}

	begin()
	answered := make(chan struct{})
	go func() { // a frame that is longer in coming
		defer close(answered)
		time.Sleep(3 * time.Millisecond)
		a.WriteFrame(context.Background(), []byte("second"))
	}()
	if f, err := c.ReadFrame(within(t)); err != nil || string(f) != "second" {
		t.Error(f, err)
	}
	<-answered

	begin()
	time.Sleep(3 * time.Millisecond)
	if c.Ready() { // looks although the deadline is over
		t.Error("ready")
	}
	a.WriteFrame(within(t), []byte("third"))
	for !c.Ready() {
	}
	if f, err := c.ReadFrame(within(t)); err != nil || string(f) != "third" {
		t.Error(f, err)
	}

	begin()
	called := make(chan struct{})
	stop := c.Hangup(func() { close(called) })
	time.Sleep(3 * time.Millisecond)
	a.Close()
	<-called
	stop()
	c.Close()
}

// What cannot be parked is not: its reader is to go on.
func TestNotParked(t *testing.T) {
	leak.Check(t)
	x, y := net.Pipe()
	defer x.Close()
	c, l := NewConn(y, 0), lots(t, 0)
	if !l.Wait(c) {
		t.Error("it has no socket to wait for")
	}
	c.Close()

	x, y = pair(t, "unix")
	a, c := NewConn(x, 0), NewConn(y, 0)
	a.WriteFrame(within(t), []byte("here"))
	if !l.Wait(c) || l.Park(c, make(bell)) {
		t.Error("parked with bytes")
	}
	c.Close()
	if l.Park(c, make(bell)) {
		t.Error("parked and closed")
	}

	_, y = pair(t, "unix")
	c = NewConn(y, 0)
	l.Close()
	if l.Park(c, make(bell)) {
		t.Error("parked where nobody is")
	}
}
