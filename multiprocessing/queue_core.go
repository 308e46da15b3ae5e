package multiprocessing

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/futex"
	"github.com/conexgo/conex/internal/handle"
	"github.com/conexgo/conex/internal/mpring"
	"github.com/conexgo/conex/internal/wait"
)

// queueData is the size of a queue's ring, in which an item may take a half.
// Memory is touched only as it is needed: a queue that is never long stays
// within 64 KiB of it.
const queueData = 8 << 20

// A queueKind says which of the three types a queue is.
type queueKind uint64

const (
	plainQueue queueKind = iota + 1
	simpleQueue
	joinableQueue
)

// maxSize is the largest bound of a queue.
const maxSize = 1<<29 - 1

// A queueCore is what this process has of a queue, however often the queue has
// come here: see handle.Locals.
type queueCore struct {
	block *handle.Block
	ring  *mpring.Ring
	kind  queueKind
	max   int // 0: no bound
	mine  bool

	// One goroutine waits for each of these, the others in line.
	getTurn, putTurn futex.Turn
	joiners          futex.Group
	getSpin, putSpin wait.Backoff
	ready, roomy     func() bool // what they spin for

	pending atomic.Int64 // items in the buffer, or on their way from it to the ring

	mu      sync.Mutex
	mail    *mpring.Mail  // protected by mu; nil while nobody here has the queue open
	open    int           // protected by mu: how many objects of this process were not closed
	buffer  []queueChunk  // protected by mu: what the feeder has not taken yet
	feeding chan struct{} // protected by mu: closed when the feeder ends; nil while there is none
	unexit  func()        // protected by mu: forgets to flush at exit
	lax     bool          // protected by mu: nobody waits for the feeder
	failed  error         // protected by mu: why the feeder could not deliver
}

var queueCores handle.Locals[queueCore]

// note is what the memory remembers: the kind, the bound and the type.
func (k queueKind) note(max int, t reflect.Type) uint64 {
	h := fnv.New32a()
	h.Write([]byte(t.PkgPath() + " " + t.String()))
	return uint64(k) | uint64(max)<<2 | uint64(h.Sum32())<<32
}

// newQueueCore makes a queue.
func newQueueCore(k queueKind, maxsize int, t reflect.Type) (*queueCore, error) {
	if err := futex.Supported(); err != nil {
		return nil, err
	}
	if maxsize > maxSize {
		return nil, fmt.Errorf("multiprocessing: a queue for %d items: the limit is %d, or 0 for no bound", maxsize, maxSize)
	}
	b, err := handle.New(mpring.Size(queueData))
	if err != nil {
		return nil, err
	}
	mail, err := mpring.NewMail()
	if err != nil {
		return nil, fmt.Errorf("multiprocessing: making a queue: %w", err)
	}
	c, err := queueCores.Get(b, func() (*queueCore, error) {
		r, err := mpring.Create(b.Mem(), k.note(max(maxsize, 0), t))
		if err != nil {
			return nil, err
		}
		return initQueueCore(b, r), nil
	})
	if err != nil {
		mail.Close()
		return nil, err
	}
	c.mine = true
	c.opened(mail)
	return c, nil
}

func initQueueCore(b *handle.Block, r *mpring.Ring) *queueCore {
	n := r.Note()
	c := &queueCore{block: b, ring: r, kind: queueKind(n & 3), max: int(uint32(n) >> 2)}
	c.ready = func() bool { return !c.ring.Empty() }
	c.roomy = func() bool { return c.ring.Len() < c.max }
	return c
}

// opened notes one more object of this process, and what it came with.
func (c *queueCore) opened(m *mpring.Mail) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open++
	if c.mail == nil {
		c.mail = m
	} else if m != c.mail {
		m.Close()
	}
}

// closed notes one less. With the last the descriptors go, once the buffer is
// empty.
func (c *queueCore) closed() {
	c.mu.Lock()
	c.open--
	c.settle()
	c.mu.Unlock()
	// Whoever waits in this process looks whether it is meant.
	c.ring.Items.Bump()
	c.ring.Room.Bump()
}

// settle closes the descriptors if nobody needs them. The caller holds mu.
func (c *queueCore) settle() {
	if c.open == 0 && c.feeding == nil && c.mail != nil {
		c.mail.Close()
		c.mail = nil
	}
}

// post returns the mail, for one who has the queue open.
func (c *queueCore) post() (*mpring.Mail, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mail == nil {
		return nil, ErrClosed
	}
	return c.mail, nil
}

// append writes the queue to e.
func (c *queueCore) append(e *codec.Encoder) error {
	m, err := c.post()
	if err != nil {
		return err
	}
	if err := c.block.Append(e); err != nil {
		return err
	}
	return m.Append(e)
}

// readQueueCore reads what append wrote.
func readQueueCore(d *codec.Decoder, k queueKind, t reflect.Type) (*queueCore, error) {
	if err := futex.Supported(); err != nil {
		return nil, err
	}
	b, err := handle.Read(d, mpring.Size(queueData))
	if err != nil {
		return nil, err
	}
	m, err := mpring.ReadMail(d)
	if err != nil {
		return nil, err
	}
	c, err := queueCores.Get(b, func() (*queueCore, error) {
		r, err := mpring.Open(b.Mem())
		if err != nil {
			return nil, queueCorrupt(err)
		}
		return initQueueCore(b, r), nil
	})
	if err == nil && c.kind.note(c.max, t) != c.ring.Note() || err == nil && c.kind != k {
		err = fmt.Errorf("%w: it is not a queue of %v", ErrCorrupt, t)
	}
	if err != nil {
		m.Close()
		return nil, err
	}
	c.opened(m)
	return c, nil
}

// queueCorrupt makes an error of the ring one of this package.
func queueCorrupt(err error) error {
	if errors.Is(err, mpring.ErrCorrupt) || errors.Is(err, mpring.ErrNoMail) {
		return fmt.Errorf("%w (%w)", ErrCorrupt, err)
	}
	return err
}

// len is how many items were put and not gotten.
func (c *queueCore) len() int {
	defer runtime.KeepAlive(c)
	return c.ring.Len() + c.ring.Buffered(mpring.Exactly)
}

// empty reports whether there is nothing to get now.
func (c *queueCore) empty() bool {
	defer runtime.KeepAlive(c)
	return c.ring.Empty()
}

// atOnceCtx is the context of calls that do not wait.
var atOnceCtx = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()
