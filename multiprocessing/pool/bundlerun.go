package pool

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/remote"
	"github.com/conexgo/conex/internal/watch"
	"github.com/conexgo/conex/internal/wire"
)

// A bundleRun is a bundle in the worker, while its items run one after the
// other. Arguments and outcomes have their length before them, so that one that
// cannot be decoded does not spoil the next.
type bundleRun struct {
	ctx  context.Context
	fn   *wire.Entry
	left int           // items to run
	args codec.Decoder // of those
	out  codec.Encoder // the outcome of those before
	bad  error         // the arguments make no sense
}

func (a *bundleArg) run(ctx context.Context) (bundleResult, error) {
	r := bundleRun{ctx: ctx, fn: wire.Lookup(a.name), left: a.n, args: a.rest}
	if r.fn == nil {
		return bundleResult{}, fmt.Errorf("%q is not registered in the worker: call conex.Register while the program initialises: %w", a.name, futures.ErrNotEncodable)
	}
	// An item that calls runtime.Goexit ends a goroutine; the others go on in
	// the next.
	for r.left > 0 && r.bad == nil {
		done := make(chan struct{})
		go func() {
			defer close(done)
			for r.left > 0 && r.bad == nil {
				r.next()
			}
		}()
		<-done
	}
	return bundleResult{buf: r.out.Buf, handles: r.out.Handles}, r.bad
}

// next runs one item.
func (r *bundleRun) next() {
	arg, err := takePrefixed(&r.args)
	if err != nil {
		r.bad = err
		return
	}
	r.left--
	if r.ctx.Err() != nil {
		r.fail(watch.Reason(r.ctx))
		return
	}
	mark, handles := len(r.out.Buf), len(r.out.Handles)
	returned := false
	defer func() {
		if returned {
			return
		}
		r.out.Buf, r.out.Handles = r.out.Buf[:mark], r.out.Handles[:handles]
		if v := recover(); v != nil {
			r.out.Buf = append(r.out.Buf, itemPanic)
			r.out.AppendString(fmt.Sprint(v))
			r.out.AppendString(string(debug.Stack()))
		} else {
			r.fail(futures.ErrGoexit)
		}
	}()
	r.out.Buf = append(r.out.Buf, itemOK)
	encoding := false
	err = r.out.Prefixed(func() (err error) {
		err, encoding = r.fn.RunOne(r.ctx, &codec.Decoder{Buf: arg, Handles: r.args.Handles}, &r.out)
		return err
	})
	returned = true
	if err == nil {
		return
	}
	r.out.Buf = r.out.Buf[:mark]
	if encoding {
		err = fmt.Errorf("%w: result of %q: %w", futures.ErrNotEncodable, r.fn.Name, err)
	}
	r.fail(err)
}

// fail notes that the item has failed.
func (r *bundleRun) fail(err error) {
	r.out.Buf = append(r.out.Buf, itemError)
	r.out.AppendString(string(remote.Append(nil, err)))
}
