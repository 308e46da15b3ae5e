package multiprocessing

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/shm"
	"github.com/conexgo/conex/queue"
)

const (
	// blockSize is from where on a string or a slice goes to the ring from where
	// it lies, without being copied to the encoder first.
	blockSize = 256
	// ownSize is from where on an item gets a buffer of its own, which it may
	// keep, instead of being copied out of one that is used again.
	ownSize = 512
	// keepSize is how large a buffer is kept for the next item.
	keepSize = 64 << 10
)

// A typedQueue is one object of this process's for a queue: what the types of
// queues have in common.
type typedQueue[T any] struct {
	core   *queueCore
	plan   *codec.Plan
	flat   int  // above 0: the items are memory images of that size
	block  bool // they are strings, or slices of such
	closed atomic.Bool
	pool   sync.Pool // of *queueBox[T]
}

// A queueBox is memory for an item that is encoded or decoded: the functions that do
// it are called through pointers, so what they get is on the heap.
type queueBox[T any] struct {
	plan *codec.Plan
	v    T
	enc  codec.Encoder
	dec  codec.Decoder
	buf  []byte
}

// create makes the queue.
func (q *typedQueue[T]) create(k queueKind, maxsize int) error {
	t := reflect.TypeFor[T]()
	plan, err := codec.For(t)
	if err != nil {
		return err
	}
	c, err := newQueueCore(k, maxsize, t)
	if err != nil {
		return err
	}
	q.init(c, plan)
	return nil
}

// read makes it of what another process has sent.
func (q *typedQueue[T]) read(d *codec.Decoder, k queueKind) error {
	t := reflect.TypeFor[T]()
	plan, err := codec.For(t)
	if err != nil {
		return err
	}
	c, err := readQueueCore(d, k, t)
	if err != nil {
		return err
	}
	q.init(c, plan)
	return nil
}

func (q *typedQueue[T]) init(c *queueCore, plan *codec.Plan) {
	q.core, q.plan, q.flat = c, plan, plan.Flat()
	// A named type may have methods of its own to encode it. Tail knows.
	var v T
	switch r := reflect.ValueOf(&v).Elem(); r.Kind() {
	case reflect.String:
		r.SetString("x")
	case reflect.Slice:
		r.Set(reflect.MakeSlice(r.Type(), 1, 1))
	default:
		return
	}
	_, q.block = plan.Tail(new(codec.Encoder), unsafe.Pointer(&v), 1)
}

func (q *typedQueue[T]) append(e *codec.Encoder) error {
	if err := q.usable(); err != nil {
		return err
	}
	return q.core.append(e)
}

// usable says why the queue cannot be used.
func (q *typedQueue[T]) usable() error {
	switch {
	case q.closed.Load():
		return ErrClosed
	case q.core == nil:
		return errNoQueue
	}
	return nil
}

func (q *typedQueue[T]) box() *queueBox[T] {
	if b, ok := q.pool.Get().(*queueBox[T]); ok {
		return b
	}
	return &queueBox[T]{plan: q.plan}
}

// decode makes the item of its bytes.
func (b *queueBox[T]) decode(p []byte) error {
	b.dec.Buf = p
	return b.plan.Decode(&b.dec, unsafe.Pointer(&b.v))
}

// back returns a box to the pool. Nothing of an item stays in it.
func (q *typedQueue[T]) back(b *queueBox[T]) {
	var zero T
	b.v = zero
	b.dec = codec.Decoder{}
	b.enc.Reset()
	if cap(b.enc.Buf) > keepSize {
		b.enc.Buf = nil
	}
	if cap(b.buf) > keepSize {
		b.buf = nil
	}
	q.pool.Put(b)
}

func (q *typedQueue[T]) put(ctx context.Context, v T) error {
	if err := q.usable(); err != nil {
		return err
	}
	if q.flat > 0 && q.core.now(unsafe.Slice((*byte)(unsafe.Pointer(&v)), q.flat)) {
		return nil
	}
	return q.putBoxed(ctx, v)
}

func (q *typedQueue[T]) putBoxed(ctx context.Context, v T) error {
	b := q.box()
	defer q.back(b)
	b.v = v
	var m queueMessage
	if tail, ok := q.plan.Tail(&b.enc, unsafe.Pointer(&b.v), blockSize); ok {
		m.tail = tail
	} else if err := q.plan.Encode(&b.enc, unsafe.Pointer(&b.v)); err != nil {
		return err
	}
	m.head = b.enc.Buf
	if len(b.enc.Handles) > 0 {
		if err := m.attach(b.enc.Handles); err != nil {
			m.release()
			return err
		}
	}
	return q.core.put(ctx, &m, &q.closed)
}

func (q *typedQueue[T]) get(ctx context.Context) (v T, err error) {
	if err := q.usable(); err != nil {
		return v, err
	}
	if q.flat == 0 {
		return q.getBoxed(ctx)
	}
	if q.core.grab(unsafe.Slice((*byte)(unsafe.Pointer(&v)), q.flat)) {
		return v, nil
	}
	b := q.box()
	defer q.back(b)
	s := queueSink{flat: unsafe.Slice((*byte)(unsafe.Pointer(&b.v)), q.flat)}
	err = q.core.get(ctx, &s, &q.closed)
	return b.v, err
}

func (q *typedQueue[T]) getBoxed(ctx context.Context) (v T, err error) {
	b := q.box()
	defer q.back(b)
	s := queueSink{buf: b.buf}
	if q.block {
		s.direct = b
	}
	if err := q.core.get(ctx, &s, &q.closed); err != nil {
		return v, err
	}
	if s.direct != nil && s.files == nil {
		return b.v, nil
	}
	defer s.close()
	if err := s.load(); err != nil {
		return v, err
	}
	// A large item keeps the buffer, which is not used again then.
	b.dec.Owned = len(s.buf) >= ownSize
	b.buf = s.buf
	if b.dec.Owned {
		b.buf = nil
	}
	if len(s.ids) > 0 {
		shared, err := s.shared()
		defer releaseShared(shared)
		if err != nil {
			return v, err
		}
		b.dec.Handles = func(i uint64) (any, error) {
			if i >= uint64(len(shared)) {
				return nil, ErrCorrupt
			}
			return shared[i], nil
		}
	}
	if err := b.decode(s.buf); err != nil {
		return v, err
	}
	return b.v, nil
}

func releaseShared(list []*shm.Shared) {
	for _, s := range list {
		if s != nil {
			s.Release()
		}
	}
}

// all is the iterator over what can be got.
func (q *typedQueue[T]) all(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			v, err := q.get(ctx)
			if errors.Is(err, queue.ErrEmpty) || errors.Is(err, ErrClosed) {
				return
			}
			if !yield(v, err) {
				return
			}
		}
	}
}

// close ends this object's use of the queue.
func (q *typedQueue[T]) close() error {
	if q.core == nil {
		return errNoQueue
	}
	if !q.closed.Swap(true) {
		q.core.closed()
	}
	runtime.KeepAlive(q.core)
	return nil
}
