package queue_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/conexgo/conex/queue"
)

// A model is what a queue should do, in the plainest form: its items in the
// order in which they were put, and those who wait in the order in which they
// came.
type model struct {
	next             func([]int) int
	size             int // 0: no bound
	items            []int
	unfinished       int
	closed           bool
	putters, getters []*call
	joiners          []*call
}

// A call is one that may take a while.
type call struct {
	v      int // to put, or got
	err    error
	over   bool
	cancel func()
}

func (m *model) full() bool { return m.size > 0 && len(m.items) >= m.size }

func (m *model) put(v int) {
	m.items = append(m.items, v)
	m.unfinished++
}

func (m *model) get() int {
	at := m.next(m.items)
	v := m.items[at]
	m.items = slices.Delete(m.items, at, at+1)
	return v
}

// settle ends the calls that need not wait any longer.
func (m *model) settle() {
	for again := true; again; {
		again = false
		if len(m.getters) > 0 && (len(m.items) > 0 || m.closed) {
			c := m.getters[0]
			m.getters, c.over, again = m.getters[1:], true, true
			if len(m.items) > 0 {
				c.v = m.get()
			} else {
				c.err = queue.ErrShutDown
			}
		}
		if len(m.putters) > 0 && (!m.full() || m.closed) {
			c := m.putters[0]
			m.putters, c.over, again = m.putters[1:], true, true
			if m.closed {
				c.err = queue.ErrShutDown
			} else {
				m.put(c.v)
			}
		}
	}
	if m.unfinished == 0 {
		for _, c := range m.joiners {
			c.over = true
		}
		m.joiners = nil
	}
}

// FuzzModel does what the bytes say to each kind of queue and to its model.
func FuzzModel(f *testing.F) {
	f.Add(byte(0), []byte{0, 0, 2, 2, 1, 1, 3})
	f.Add(byte(1), []byte{0, 0, 0, 2, 2, 2, 2, 0, 5, 6, 6, 4})
	f.Add(byte(2), []byte{2, 2, 2, 0, 7, 7, 7, 8})
	f.Add(byte(3), []byte{0, 9, 17, 25, 5, 9, 2, 6, 4, 9})
	for seed := range 40 { // as much as a plain go test tries
		ops := make([]byte, 60)
		x := uint32(seed)*2654435761 + 1
		for i := range ops {
			x = x*1664525 + 1013904223
			ops[i] = byte(x >> 24)
		}
		f.Add(byte(seed), ops)
	}
	f.Fuzz(func(t *testing.T, size byte, ops []byte) {
		for _, k := range kinds {
			synctest.Test(t, func(t *testing.T) {
				n := int(size % 4)
				modelled(t, k.make(n), &model{next: k.next, size: n}, ops)
			})
			if t.Failed() {
				t.Fatalf("it is a %s of size %d", k.name, size%4)
			}
		}
	})
}

func modelled(t *testing.T, q tasked, m *model, ops []byte) {
	var pairs [][2]*call // what really happened, and what should have
	// start makes one call of q and enters it into a line of m.
	start := func(line *[]*call, v int, op func(ctx context.Context, c *call)) {
		ctx, cancel := context.WithCancel(bg)
		really, should := &call{v: v, cancel: cancel}, &call{v: v}
		pairs = append(pairs, [2]*call{really, should})
		*line = append(*line, should)
		go func() {
			op(ctx, really)
			really.over = true
		}()
	}
	for i, op := range ops {
		v := int(op>>4) + i<<4
		switch op % 12 {
		case 0, 1:
			start(&m.putters, v, func(ctx context.Context, c *call) { c.err = q.Put(ctx, c.v) })
		case 2, 3:
			start(&m.getters, 0, func(ctx context.Context, c *call) { c.v, c.err = q.Get(ctx) })
		case 4:
			start(&m.joiners, 0, func(ctx context.Context, c *call) { c.err = q.Join(ctx) })
		case 5, 6:
			err := q.TryPut(v)
			switch {
			case m.closed:
				want(t, err, queue.ErrShutDown)
			case m.full():
				want(t, err, queue.ErrFull)
			default:
				want(t, err)
				m.put(v)
			}
		case 7, 8:
			v, err := q.TryGet()
			switch {
			case len(m.items) > 0:
				item(t, m.get())(v, err)
			case m.closed:
				want(t, err, queue.ErrShutDown)
			default:
				want(t, err, queue.ErrEmpty)
			}
		case 9, 10:
			err := q.TaskDone()
			if m.unfinished == 0 {
				want(t, err, queue.ErrTooManyDone)
			} else {
				want(t, err)
				m.unfinished--
			}
		case 11:
			switch {
			case op < 192 && len(pairs) > 0: // the context of one call ends
				p := pairs[int(op)%len(pairs)]
				p[0].cancel()
				for _, line := range []*[]*call{&m.getters, &m.putters, &m.joiners} {
					if at := slices.Index(*line, p[1]); at >= 0 {
						*line = slices.Delete(*line, at, at+1)
						p[1].over, p[1].err = true, context.Canceled
					}
				}
			case op >= 240:
				q.Shutdown()
				m.closed = true
			case op >= 228:
				q.ShutdownNow()
				m.unfinished = max(0, m.unfinished-len(m.items))
				m.closed, m.items = true, nil
			}
		}
		m.settle()
		synctest.Wait()
		if q.Len() != len(m.items) || q.Unfinished() != m.unfinished || q.Closed() != m.closed || q.Full() != m.full() || q.Empty() != (len(m.items) == 0) {
			t.Errorf("operation %d: Len %d, Unfinished %d, Closed %v; want %d, %d, %v", i, q.Len(), q.Unfinished(), q.Closed(), len(m.items), m.unfinished, m.closed)
		}
		for j, p := range pairs {
			if really, should := p[0], p[1]; really.over != should.over || should.over && (!errors.Is(really.err, should.err) || really.err == nil && really.v != should.v) {
				t.Errorf("operation %d: call %d: over %v, %d, %v; want %v, %d, %v", i, j, really.over, really.v, really.err, should.over, should.v, should.err)
			}
		}
		if t.Failed() {
			break
		}
	}
	q.ShutdownNow()
	for _, p := range pairs {
		p[0].cancel()
	}
}
