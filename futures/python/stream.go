package python

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/watch"
	"github.com/conexgo/conex/internal/wire"
)

// Stream calls a function that returns an iterable, a generator or an asynchronous
// generator, and yields its items one by one, as they come:
//
//	for line, err := range python.Stream(ctx, pool, grep, args) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(line)
//	}
//
// R is the type of an item. The call is made when the range begins, and once for
// each range. An error, that of the call or of an item that is no R, is the last
// pair, after all items before it; the R beside it is zero.
//
// The worker computes at most a window of items ahead, see [Buffer], and waits
// then. It belongs to the stream until that ends: streams that wait for others in
// the same pool can wait for ever.
//
// Leaving the loop closes the generator: what its finally says is done, for at
// most [Config].Grace, after which the worker is killed. Stream does not wait for
// it. When ctx ends, items that have arrived are yielded, and then the error of
// ctx; the call is cancelled as any other. A stream is never retried once there
// was an item.
//
// The iterator can be used by several goroutines, each of which gets all items of
// a call of its own. What happens before the range happens before the call.
func Stream[A, R any](ctx context.Context, ex futures.Executor, fn futures.Callable[A, R], arg A, opts ...StreamOption) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		s, err := newStream(ctx, ex, fn, arg, opts)
		if err == nil {
			defer s.leave()
			if err = ex.Submit(s); err == nil {
				err = s.yieldAll(yield)
			} else if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
				err = watch.Reason(ctx)
			}
		}
		if err != nil && err != errLeft {
			var zero R
			yield(zero, err)
		}
	}
}

// A StreamOption changes one call of [Stream].
type StreamOption func(*streamOptions)

type streamOptions struct{ window int }

// defaultWindow is enough for items to travel several at a time, and little
// enough that leaving early wastes little work.
const defaultWindow = 32

// Buffer says how many items of a [Stream] may be computed and not yet yielded.
// The default is 32; 1 means that the next item is computed while the loop's body
// deals with the last. It is an error if n is less than 1.
func Buffer(n int) StreamOption { return func(o *streamOptions) { o.window = n } }

// newStream finds all that can be wrong before anything is sent.
func newStream[A, R any](ctx context.Context, ex futures.Executor, fn futures.Callable[A, R], arg A, opts []StreamOption) (*stream[A, R], error) {
	o := streamOptions{window: defaultWindow}
	for _, opt := range opts {
		opt(&o)
	}
	switch {
	case ctx == nil:
		return nil, errors.New("python: Stream with a nil context")
	case ex == nil:
		return nil, errors.New("python: Stream with a nil executor")
	case fn == nil:
		return nil, errors.New("python: Stream with a nil function")
	case o.window < 1 || o.window > math.MaxInt32:
		return nil, fmt.Errorf("python: Buffer(%d): it must be at least 1, and fit into 31 bits", o.window)
	case ctx.Err() != nil:
		return nil, watch.Reason(ctx)
	}
	f, ok := fn.(interface{ Wire() *wire.Func[A, R] })
	if !ok {
		return nil, notStreamed(fn.Name())
	}
	w := f.Wire()
	if w == nil {
		return nil, fmt.Errorf("%w: %w", futures.ErrNotEncodable, errNoFunc)
	}
	if w.Engine != engine {
		return nil, notStreamed(fn.Name())
	}
	return makeStream(ctx, w, arg, o.window), nil
}

func notStreamed(name string) error {
	return fmt.Errorf("%w: Stream calls functions of Python, and %q is one of Go: range over it, or send its items over a queue",
		futures.ErrNotEncodable, name)
}
