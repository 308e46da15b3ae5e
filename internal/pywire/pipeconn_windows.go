package pywire

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/windows"
)

// A pipeConn is a named pipe as a stream of frames: to each message that is read
// it adds the header that the pipe does not carry, and of what is written it
// sends each frame without its header as one message. A thread waits while a
// goroutine does.
type pipeConn struct {
	h    windows.Handle
	name string

	rd, wr pipeSide
	in     []byte // a message with its header, as far as it was not read yet
	out    []byte // a frame, as far as it was written

	once sync.Once
	gone windows.Handle // an event: closed
	mu   sync.RWMutex   // held by operations, and by Close at its end
	shut bool           // protected by mu
}

// A pipeSide is what one direction waits for.
type pipeSide struct {
	done windows.Handle // an event: the operation is over
	late windows.Handle // an event: the deadline is
	mu   sync.Mutex
	t    *time.Timer // protected by mu
}

func newPipeConn(h windows.Handle, name string) (net.Conn, error) {
	c := &pipeConn{h: h, name: name}
	for _, e := range []*windows.Handle{&c.rd.done, &c.rd.late, &c.wr.done, &c.wr.late, &c.gone} {
		ev, err := newEvent()
		if err != nil {
			c.free()
			return nil, err
		}
		*e = ev
	}
	return c, nil
}

func (c *pipeConn) free() {
	windows.CloseHandle(c.h)
	for _, e := range []windows.Handle{c.rd.done, c.rd.late, c.wr.done, c.wr.late, c.gone} {
		if e != 0 {
			windows.CloseHandle(e)
		}
	}
}

// operate runs an overlapped operation until it is over, the deadline is, or
// the pipe is closed.
func (c *pipeConn) operate(s *pipeSide, start func(*windows.Overlapped) error) (int, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.shut {
		return 0, net.ErrClosed
	}
	if ev, _ := windows.WaitForSingleObject(s.late, 0); ev == windows.WAIT_OBJECT_0 {
		return 0, os.ErrDeadlineExceeded
	}
	ov := &windows.Overlapped{HEvent: s.done}
	windows.ResetEvent(s.done)
	stopped := error(nil)
	if err := start(ov); err == windows.ERROR_IO_PENDING {
		switch which, _ := windows.WaitForMultipleObjects([]windows.Handle{s.done, c.gone, s.late}, false, windows.INFINITE); which {
		case windows.WAIT_OBJECT_0:
		case windows.WAIT_OBJECT_0 + 1:
			stopped = net.ErrClosed
		default:
			stopped = os.ErrDeadlineExceeded
		}
		if stopped != nil {
			windows.CancelIoEx(c.h, ov)
		}
	} else if err != nil && err != windows.ERROR_MORE_DATA {
		return 0, err
	}
	var n uint32
	err := windows.GetOverlappedResult(c.h, ov, &n, true)
	if err == windows.ERROR_OPERATION_ABORTED && stopped != nil {
		err = stopped
	}
	return int(n), err
}

// receive reads a message. What a deadline cuts off stays in in, which begins
// with room for the longest header.
func (c *pipeConn) receive() error {
	const room = 12
	b := make([]byte, room, room+pipeBuffer)
	for {
		n, err := c.operate(&c.rd, func(ov *windows.Overlapped) error {
			var n uint32
			return windows.ReadFile(c.h, b[len(b):cap(b)], &n, ov)
		})
		b = b[:len(b)+n]
		switch err {
		case nil:
			h := header(nil, len(b)-room)
			copy(b[room-len(h):], h)
			c.in = b[room-len(h):]
			return nil
		case windows.ERROR_MORE_DATA:
			// The rest of the message is there, so it does not wait.
			more := make([]byte, len(b), 4*cap(b))
			copy(more, b)
			b = more
		case windows.ERROR_BROKEN_PIPE, windows.ERROR_NO_DATA, windows.ERROR_PIPE_NOT_CONNECTED:
			return io.EOF
		default:
			return err
		}
	}
}

func (c *pipeConn) Read(p []byte) (int, error) {
	if len(c.in) == 0 {
		if err := c.receive(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.in)
	if c.in = c.in[n:]; len(c.in) == 0 {
		c.in = nil
	}
	return n, nil
}

func (c *pipeConn) Write(p []byte) (int, error) {
	was := len(c.out)
	c.out = append(c.out, p...)
	for {
		start, size := 4, uint64(0)
		if len(c.out) < start {
			return len(p), nil
		}
		if size = uint64(binary.BigEndian.Uint32(c.out)); size == 0xffffffff {
			if start = 12; len(c.out) < start {
				return len(p), nil
			}
			size = binary.BigEndian.Uint64(c.out[4:])
		}
		if uint64(len(c.out)-start) < size {
			return len(p), nil
		}
		msg := c.out[start : start+int(size)]
		_, err := c.operate(&c.wr, func(ov *windows.Overlapped) error {
			var n uint32
			return windows.WriteFile(c.h, msg, &n, ov)
		})
		if err != nil {
			if err == windows.ERROR_NO_DATA || err == windows.ERROR_BROKEN_PIPE {
				err = windows.WSAECONNRESET
			}
			c.out = c.out[:min(was, len(c.out))]
			return 0, err
		}
		if c.out, was = c.out[start+int(size):], 0; len(c.out) == 0 {
			c.out = nil
			return len(p), nil
		}
	}
}

func (c *pipeConn) Close() error {
	c.once.Do(func() {
		windows.SetEvent(c.gone)
		c.mu.Lock() // after the operations
		defer c.mu.Unlock()
		c.shut = true
		for _, s := range []*pipeSide{&c.rd, &c.wr} {
			s.mu.Lock()
			if s.t != nil {
				s.t.Stop()
			}
			s.mu.Unlock()
		}
		c.free()
	})
	return nil
}

func (c *pipeConn) LocalAddr() net.Addr  { return pipeAddr(c.name) }
func (c *pipeConn) RemoteAddr() net.Addr { return pipeAddr(c.name) }

func (c *pipeConn) SetDeadline(t time.Time) error {
	c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}
func (c *pipeConn) SetReadDeadline(t time.Time) error  { return c.deadline(&c.rd, t) }
func (c *pipeConn) SetWriteDeadline(t time.Time) error { return c.deadline(&c.wr, t) }

// deadline does not take c.mu as a writer, so that it stops what runs.
func (c *pipeConn) deadline(s *pipeSide, t time.Time) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.shut {
		return net.ErrClosed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.t != nil {
		s.t.Stop()
		s.t = nil
	}
	windows.ResetEvent(s.late)
	switch left := time.Until(t); {
	case t.IsZero():
	case left <= 0:
		windows.SetEvent(s.late)
	default:
		s.t = time.AfterFunc(left, func() { c.expire(s) })
	}
	return nil
}

func (c *pipeConn) expire(s *pipeSide) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !c.shut && s.t != nil {
		windows.SetEvent(s.late)
	}
}

func randomText() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
