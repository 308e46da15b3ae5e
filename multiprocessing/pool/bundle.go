package pool

import (
	"context"
	"fmt"
	"reflect"
	"unsafe"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/remote"
	"github.com/conexgo/conex/internal/watch"
	"github.com/conexgo/conex/internal/wire"
)

// A bundle is a chunk that is one task for the engine too, as it is in Python: a
// call of the function runBundle, which calls the user's in the worker. Pools that
// count the tasks of a worker need it, since process pools count items. It costs
// more, and a worker that dies takes the whole chunk along.
type bundle[A, R any] struct {
	*chunk[A, R]
	arg bundleArg
	enc []byte
}

// A bundleArg is the function's name and the arguments of the items.
type bundleArg struct {
	name   string
	n      int
	append func(e *codec.Encoder) error // in the parent
	rest   codec.Decoder                // in the worker
}

// A bundleResult is the outcome of the items, encoded: for each a 0 and the
// result, or a 1 and the error.
type bundleResult struct {
	buf     []byte
	handles []any
	rest    codec.Decoder // in the parent
}

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

// run runs the items one after the other. It fails only if none can be run.
// Arguments and outcomes have their length before them, so that one that cannot
// be decoded does not spoil the next.
func (a *bundleArg) run(ctx context.Context) (r bundleResult, err error) {
	w := wire.Lookup(a.name)
	if w == nil {
		return r, fmt.Errorf("%q is not registered in the worker: call conex.Register while the program initialises: %w", a.name, futures.ErrNotEncodable)
	}
	e := codec.Encoder{}
	for range a.n {
		arg, err := takePrefixed(&a.rest)
		if err != nil {
			return r, err
		}
		encoding := false
		if ctx.Err() != nil {
			err = watch.Reason(ctx)
		} else {
			e.Buf = append(e.Buf, 0)
			err = e.Prefixed(func() (err error) {
				err, encoding = runItem(ctx, w, &codec.Decoder{Buf: arg, Handles: a.rest.Handles}, &e)
				return err
			})
			if err == nil {
				continue
			}
			e.Buf = e.Buf[:len(e.Buf)-1]
		}
		if encoding {
			err = fmt.Errorf("%w: result of %q: %w", futures.ErrNotEncodable, a.name, err)
		}
		e.Buf = append(e.Buf, 1)
		e.AppendString(string(remote.Append(nil, err)))
	}
	return bundleResult{buf: e.Buf, handles: e.Handles}, nil
}

// takePrefixed takes off d what Prefixed or AppendString have put there.
func takePrefixed(d *codec.Decoder) ([]byte, error) {
	n, err := d.Uvarint()
	if err != nil {
		return nil, err
	}
	return d.Take(n)
}

// runItem runs one item; its panic is an error like any other.
func runItem(ctx context.Context, w *wire.Entry, d *codec.Decoder, e *codec.Encoder) (err error, encoding bool) {
	defer func() {
		if v := recover(); v != nil {
			err, encoding = panicError(v), false
		}
	}()
	return w.RunOne(ctx, d, e)
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
	if err := b.j.w.Err; err != nil {
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
	case tag[0] == 0:
		b.chunk.finish(i, data, false, d.Handles)
		return
	default:
		var was error
		if was, _, err = remote.Read(data); err == nil {
			err = was
		}
	}
	b.chunk.Fail(i, err)
}
