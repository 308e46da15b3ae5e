package futurestest

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// A gate stops calls until the test lets them through, also those of other
// processes: a call connects to it and waits for the connection's end.
type gate struct {
	t    *testing.T
	ln   net.Listener
	come chan int // who has come

	mu     sync.Mutex
	opened bool
	conns  map[net.Conn]bool
	wg     sync.WaitGroup
}

// A GateArg is the argument of a call that stops at a gate of the test. The
// call connects to Addr by TCP, writes N as eight bytes, little-endian, and
// reads until the connection ends, of which it takes no notice, however it
// does. Then it returns N. If its context ends meanwhile it closes the
// connection and fails with the reason.
type GateArg struct {
	Addr string
	N    int
}

// timeout is when a test that waits for something fails.
const timeout = 30 * time.Second

func newGate(t *testing.T) *gate {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{t: t, ln: ln, come: make(chan int, 10_000), conns: make(map[net.Conn]bool)}
	g.wg.Go(g.serve)
	t.Cleanup(func() {
		g.open()
		ln.Close()
		g.wg.Wait()
	})
	return g
}

func (g *gate) serve() {
	for {
		c, err := g.ln.Accept()
		if err != nil {
			return
		}
		g.wg.Go(func() {
			var b [8]byte
			if _, err := io.ReadFull(c, b[:]); err != nil {
				c.Close()
				return
			}
			g.mu.Lock()
			if g.opened {
				c.Close()
			} else {
				g.conns[c] = true
			}
			g.mu.Unlock()
			g.come <- int(int64(binary.LittleEndian.Uint64(b[:])))
		})
	}
}

// arg is the argument for call number n.
func (g *gate) arg(n int) GateArg { return GateArg{g.ln.Addr().String(), n} }

// open lets all calls through, those too that are still to come.
func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.opened = true
	for c := range g.conns {
		c.Close()
	}
	clear(g.conns)
}

// arrived waits until one more call stands at the gate, and returns its
// number.
func (g *gate) arrived() int {
	g.t.Helper()
	select {
	case n := <-g.come:
		return n
	case <-time.After(timeout):
		g.t.Fatal("no call has come to the gate")
		return 0
	}
}

// nobody checks that no call has come that arrived has not returned.
func (g *gate) nobody() {
	g.t.Helper()
	select {
	case n := <-g.come:
		g.t.Errorf("call %d has started", n)
	default:
	}
}

// pass is what calls do: it waits until the gate is open or ctx ends.
func pass(ctx context.Context, addr string, n int) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(int64(n)))
	if _, err := c.Write(b[:]); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	c.Read(b[:1]) // until either side closes it
	return ctx.Err()
}
