package futures

import (
	"context"
	"runtime/debug"
	"sync"
	"time"
	"unsafe"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/inherit"
	"github.com/conexgo/conex/internal/wire"
)

// A call is the task of one Submit, together with its future: one allocation
// for both.
type call[A, R any] struct {
	Future[R]
	ctx  context.Context
	fn   Callable[A, R]
	w    *wire.Func[A, R] // nil if fn cannot leave the process
	vars inherit.Values   // that ctx carried at Submit
	arg  A
	rare *rareCall // nil for most
}

// A rareCall is what a call of numbers without options does without.
type rareCall struct {
	timeout time.Duration
	buf     []byte // the encoded argument; unused for a flat one, which speaks for itself
	small   [64]byte
}

// more returns the rare part, which is made when it is first needed.
func (c *call[A, R]) more() *rareCall {
	if c.rare == nil {
		c.rare = new(rareCall)
	}
	return c.rare
}

var (
	_ Task      = (*call[int, int])(nil)
	_ AnyFuture = (*Future[int])(nil)
)

func (c *call[A, R]) Entry() *wire.Entry {
	if c.w == nil {
		return nil
	}
	return &c.w.Entry
}

func (c *call[A, R]) Name() string              { return c.fn.Name() }
func (c *call[A, R]) Context() context.Context  { return c.ctx }
func (c *call[A, R]) Inherited() inherit.Values { return c.vars }
func (c *call[A, R]) Len() int                  { return 1 }
func (c *call[A, R]) Start() bool               { return c.start() }
func (c *call[A, R]) Attach(r *Runner)          { c.runner.Store(r) }

func (c *call[A, R]) Timeout() time.Duration {
	if c.rare == nil {
		return 0
	}
	return c.rare.timeout
}

// Done hides the channel of the future that is embedded: a task's Done is a
// bool.
func (c *call[A, R]) Done() bool { return c.done() }

func (c *call[A, R]) Run(ctx context.Context, from, to int) {
	if from > 0 || to < 1 || c.done() {
		return
	}
	own, cancel := ctx, context.CancelFunc(nil)
	if d := c.Timeout(); d > 0 {
		own, cancel = context.WithTimeout(ctx, d)
	}
	own = c.vars.Give(own)
	returned := false
	defer func() {
		if cancel != nil {
			cancel()
		}
		if !returned {
			c.fail(ctx, panicError(recover()))
		}
	}()
	r, err := c.fn.Call(own, c.arg)
	returned = true
	if err != nil {
		c.fail(ctx, err)
		return
	}
	if c.claim() {
		c.val = r
		c.drop()
		c.publish()
	}
}

func (c *call[A, R]) fail(ctx context.Context, err error) {
	countFailures(ctx, 1)
	if c.claim() {
		c.err = err
		c.drop()
		c.publish()
	}
}

// panicError turns what recover returned in a task that did not return into
// the task's error.
func panicError(r any) error {
	if r == nil {
		return ErrGoexit
	}
	return &PanicError{Value: r, Stack: debug.Stack()}
}

// drop lets go of what only the call needed, as the future may live on for
// long. Only who has claimed the future and knows that the engine is through
// with the argument may call it.
func (c *call[A, R]) drop() {
	var zero A
	c.arg = zero
	c.vars = inherit.Values{}
	if c.rare != nil {
		c.rare = nil
	}
}

func (c *call[A, R]) SizeHint() int {
	if c.w == nil {
		return 0
	}
	return c.w.ArgSizeHint(&c.arg)
}

// coders are reused: the codec's functions make an Encoder or Decoder escape.
var (
	encoders = sync.Pool{New: func() any { return new(codec.Encoder) }}
	decoders = sync.Pool{New: func() any { return new(codec.Decoder) }}
)

func (c *call[A, R]) Encode(buf []byte) (handles []any, err error) {
	switch {
	case c.w == nil:
		return nil, notRegistered(c.Name())
	case c.w.ArgFlat > 0 && buf == nil:
		return nil, nil // AppendArgs copies it from c.arg
	case buf == nil:
		buf = c.more().small[:0]
	}
	e := encoders.Get().(*codec.Encoder)
	e.Buf = buf
	err = c.w.AppendArg(e, &c.arg)
	if err == nil {
		c.more().buf, handles = e.Buf[len(buf):], e.Handles
	}
	*e = codec.Encoder{}
	encoders.Put(e)
	return handles, err
}

// encoded is what Encode made of an argument that is not flat.
func (c *call[A, R]) encoded() []byte {
	if c.rare == nil {
		return nil
	}
	return c.rare.buf
}

func (c *call[A, R]) AppendArgs(dst []byte, from, to int) []byte {
	if from > 0 || to < 1 {
		return dst
	}
	if c.w != nil && c.w.ArgFlat > 0 {
		return c.w.AppendArgs(dst, unsafe.Slice(&c.arg, 1))
	}
	return append(dst, c.encoded()...)
}

func (c *call[A, R]) ArgSize(from, to int) int {
	if from > 0 || to < 1 {
		return 0
	}
	if c.w != nil && c.w.ArgFlat > 0 {
		return c.w.ArgFlat
	}
	return len(c.encoded())
}

func (c *call[A, R]) Finish(i int, b []byte) {
	if i != 0 || !c.claim() {
		return
	}
	c.err = readResult(c.w, b, &c.val, false, nil)
	c.drop()
	c.publish()
}

func (c *call[A, R]) FinishOwned(i int, b []byte, handles func(id uint64) (any, error)) {
	if i != 0 || !c.claim() {
		return
	}
	c.err = readResult(c.w, b, &c.val, true, handles)
	c.drop()
	c.publish()
}

func (c *call[A, R]) FinishRange(from, to int, b []byte) {
	if from < 1 && to > 0 {
		c.Finish(0, b)
	}
}

func (c *call[A, R]) Fail(i int, err error) {
	if i <= 0 {
		c.finishErr(err)
	}
}

// readResult decodes one result.
func readResult[A, R any](w *wire.Func[A, R], b []byte, r *R, owned bool, handles func(id uint64) (any, error)) error {
	if w == nil {
		return notRegistered("closure")
	}
	if n := w.ResFlat; n > 0 {
		if len(b) != n {
			return badResult(w.Name, len(b), n)
		}
		w.ReadResults(b, unsafe.Slice(r, 1))
		return nil
	}
	d := decoders.Get().(*codec.Decoder)
	d.Buf, d.Owned, d.Handles = b, owned, handles
	err := w.ReadResult(d, r)
	if err == nil && len(d.Buf) > 0 {
		err = badResult(w.Name, len(b), len(b)-len(d.Buf))
	}
	*d = codec.Decoder{}
	decoders.Put(d)
	if err != nil {
		var zero R
		*r = zero
	}
	return err
}
