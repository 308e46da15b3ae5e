package pool

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"unsafe"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/remote"
	"github.com/conexgo/conex/internal/wire"
)

// A bundle is a chunk that is one task for the engine too, as it is in Python: a
// call of the function runBundle, which calls the user's in the worker. Pools that
// count the tasks of a worker need it, since process pools count items. It costs
// more, and a worker that dies takes the whole chunk along.
type bundle[A, R any] struct {
	*chunk[A, R]
	enc []byte
}

// A bundleArg is the function's name and the arguments of the items.
type bundleArg struct {
	name   string
	n      int
	append func(e *codec.Encoder) error // in the parent
	rest   codec.Decoder                // in the worker
}

// A bundleResult is the outcome of the items, encoded: for each one of the bytes
// below and what belongs to it.
type bundleResult struct {
	buf     []byte
	handles []any
	rest    codec.Decoder // in the parent
}

// How an item has ended.
const (
	itemOK    = iota // with its result
	itemError        // with its error, as package remote writes it
	itemPanic        // with the text and the stack
)

var runBundle = func() *conex.Func[bundleArg, bundleResult] {
	codec.RegisterHandle(reflect.TypeFor[bundleArg](),
		func(e *codec.Encoder, v unsafe.Pointer) error { return (*bundleArg)(v).encode(e) },
		func(d *codec.Decoder, v unsafe.Pointer) error { return (*bundleArg)(v).decode(d) })
	codec.RegisterHandle(reflect.TypeFor[bundleResult](),
		func(e *codec.Encoder, v unsafe.Pointer) error { return (*bundleResult)(v).encode(e) },
		func(d *codec.Decoder, v unsafe.Pointer) error { return (*bundleResult)(v).decode(d) })
	return conex.Register("conex/multiprocessing/pool.chunk", func(ctx context.Context, a bundleArg) (bundleResult, error) {
		return a.run(ctx)
	})
}()

func (a *bundleArg) encode(e *codec.Encoder) error {
	e.AppendString(a.name)
	e.Uvarint(uint64(a.n))
	return a.append(e)
}

func (a *bundleArg) decode(d *codec.Decoder) error {
	name, err := takePrefixed(d)
	if err != nil {
		return err
	}
	items, err := d.Uvarint()
	if err != nil {
		return err
	}
	a.name, a.n = string(name), int(items)
	a.rest = codec.Decoder{Buf: d.Buf, Handles: d.Handles}
	d.Buf = nil
	return nil
}

func (r *bundleResult) encode(e *codec.Encoder) error {
	// The numbers of handles are those of an encoder of their own.
	if len(e.Handles) > 0 {
		return fmt.Errorf("handles before those of a chunk")
	}
	e.Buf, e.Handles = append(e.Buf, r.buf...), r.handles
	return nil
}

func (r *bundleResult) decode(d *codec.Decoder) error {
	r.rest = codec.Decoder{Buf: d.Buf, Handles: d.Handles}
	d.Buf = nil
	return nil
}

func (b *bundle[A, R]) wire() *wire.Func[bundleArg, bundleResult] { return runBundle.Wire() }

func (b *bundle[A, R]) Entry() *wire.Entry {
	if b.j.w.Check("") != nil {
		return &b.j.w.Entry // the engine says what is wrong with it
	}
	return &b.wire().Entry
}

func (b *bundle[A, R]) Len() int                               { return 1 }
func (b *bundle[A, R]) SizeHint() int                          { return b.chunk.SizeHint() }
func (b *bundle[A, R]) AppendArgs(dst []byte, _, _ int) []byte { return append(dst, b.enc...) }

func (b *bundle[A, R]) ArgSize(from, to int) int {
	if from >= to {
		return 0
	}
	return len(b.enc)
}

func (b *bundle[A, R]) Run(ctx context.Context, _, _ int) { b.chunk.Run(ctx, 0, b.chunk.Len()) }
func (b *bundle[A, R]) Fail(_ int, err error)             { b.chunk.Fail(-1, err) }

func (b *bundle[A, R]) Encode(buf []byte) (handles []any, err error) {
	w, args := b.j.w, b.chunk.args()
	arg := bundleArg{name: b.Name(), n: len(args), append: func(e *codec.Encoder) error {
		for i := range args {
			if err := e.Prefixed(func() error { return w.AppendArg(e, &args[i]) }); err != nil {
				return err
			}
		}
		return nil
	}}
	e := codec.Encoder{Buf: buf}
	err = b.wire().AppendArg(&e, &arg)
	b.enc = e.Buf[len(buf):]
	return e.Handles, err
}

func (b *bundle[A, R]) Finish(_ int, data []byte) { b.finishAll(data, nil) }

func (b *bundle[A, R]) FinishOwned(_ int, data []byte, handles func(id uint64) (any, error)) {
	b.finishAll(data, handles)
}

func (b *bundle[A, R]) FinishRange(_, _ int, data []byte) { b.finishAll(data, nil) }

func (b *bundle[A, R]) finishAll(data []byte, handles func(id uint64) (any, error)) {
	var r bundleResult
	if err := readResult(b.wire(), data, &r, false, handles); err != nil {
		b.chunk.Fail(-1, err)
		return
	}
	d := &r.rest
	for i := range b.chunk.Len() {
		b.finishItem(i, d)
	}
	if len(d.Buf) > 0 {
		b.chunk.Fail(-1, badResult(b.Name(), len(data), len(data)-len(d.Buf)))
	}
}

// finishItem takes one item off d.
func (b *bundle[A, R]) finishItem(i int, d *codec.Decoder) {
	tag, err := d.Take(1)
	var data []byte
	if err == nil {
		data, err = takePrefixed(d)
	}
	switch {
	case err != nil:
	case tag[0] == itemOK:
		b.chunk.finish(i, data, false, d.Handles)
		return
	case tag[0] == itemPanic:
		var stack []byte
		if stack, err = takePrefixed(d); err == nil {
			err = &futures.PanicError{Value: string(data), Stack: slices.Clone(stack)}
		}
	default:
		var was error
		if was, _, err = remote.Read(data); err == nil {
			err = was
		}
	}
	b.chunk.Fail(i, err)
}

// takePrefixed takes off d what Prefixed or AppendString have put there.
func takePrefixed(d *codec.Decoder) ([]byte, error) {
	n, err := d.Uvarint()
	if err != nil {
		return nil, err
	}
	return d.Take(n)
}
