package pool

import (
	"fmt"
	"sync"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/wire"
)

// This file is about the bytes of a chunk's arguments and results.

// coders are reused: the codec's functions make an Encoder or Decoder escape.
var (
	encoders = sync.Pool{New: func() any { return new(codec.Encoder) }}
	decoders = sync.Pool{New: func() any { return new(codec.Decoder) }}
)

func notRegistered(name string) error {
	return fmt.Errorf("%w: %q is not a registered function: give it a name with conex.Register", futures.ErrNotEncodable, name)
}

func (c *chunk[A, R]) args() []A { return c.j.in[c.from:c.to] }

func (c *chunk[A, R]) SizeHint() int {
	w, args := c.j.w, c.args()
	switch {
	case w == nil:
		return 0
	case w.ArgFlat > 0:
		return w.ArgFlat * len(args)
	}
	n := 0
	for i := range args {
		n += w.ArgSizeHint(&args[i])
	}
	return n
}

func (c *chunk[A, R]) Encode(buf []byte) (handles []any, err error) {
	w := c.j.w
	if w == nil {
		return nil, notRegistered(c.Name())
	}
	if w.ArgFlat > 0 {
		if buf != nil {
			w.AppendArgs(buf, c.args()) // the engine wants them there
		}
		return nil, nil // AppendArgs copies them from the job
	}
	rest, args := c.more(), c.args()
	e := encoders.Get().(*codec.Encoder)
	e.Buf = buf
	start := len(buf)
	if len(args) > 1 {
		rest.ends = make([]int, len(args))
	}
	for i := range args {
		if err = w.AppendArg(e, &args[i]); err != nil {
			break
		}
		if len(args) > 1 {
			rest.ends[i] = len(e.Buf) - start
		}
	}
	rest.buf, handles = e.Buf[start:], e.Handles
	*e = codec.Encoder{}
	encoders.Put(e)
	return handles, err
}

// encoded are the bytes of the arguments from..to-1, which are not flat.
func (c *chunk[A, R]) encoded(from, to int) []byte {
	r := c.rest
	if from >= to || r == nil {
		return nil
	}
	if r.ends == nil {
		return r.buf
	}
	lo := 0
	if from > 0 {
		lo = r.ends[from-1]
	}
	return r.buf[lo:r.ends[to-1]]
}

func (c *chunk[A, R]) AppendArgs(dst []byte, from, to int) []byte {
	if w := c.j.w; w != nil && w.ArgFlat > 0 {
		return w.AppendArgs(dst, c.j.in[c.from+from:c.from+to])
	}
	return append(dst, c.encoded(from, to)...)
}

func (c *chunk[A, R]) ArgSize(from, to int) int {
	if w := c.j.w; w != nil && w.ArgFlat > 0 {
		return w.ArgFlat * (to - from)
	}
	return len(c.encoded(from, to))
}

func (c *chunk[A, R]) Finish(i int, b []byte) { c.finish(i, b, false, nil) }

func (c *chunk[A, R]) FinishOwned(i int, b []byte, handles func(id uint64) (any, error)) {
	c.finish(i, b, true, handles)
}

func (c *chunk[A, R]) finish(i int, b []byte, owned bool, handles func(id uint64) (any, error)) {
	j := c.j
	if w := j.w; c.Len() == 1 && i == 0 && w != nil && w.ResFlat > 0 && len(b) == w.ResFlat { // nearly always
		if c.claim() {
			w.ReadResults(b, j.out[c.from:c.to])
			j.own.ended()
		}
		return
	}
	c.end(i, i+1, func(from, to int) {
		at := c.from + from
		if err := readResult(j.w, b, &j.out[at], owned, handles); err != nil {
			j.own.failed(at, at+1, err)
		}
	})
}

func (c *chunk[A, R]) FinishRange(from, to int, b []byte) {
	from, to = max(from, 0), min(to, c.Len())
	w := c.j.w
	if from >= to || w == nil {
		return
	}
	if w.ResFlat == 0 || len(b) != w.ResFlat*(to-from) {
		c.fail(from, to, badResult(w.Name, len(b), w.ResFlat*(to-from)))
		return
	}
	out := c.j.out[c.from:c.to]
	c.end(from, to, func(lo, hi int) { w.ReadResults(b[(lo-from)*w.ResFlat:], out[lo:hi]) })
}

// badResult is the error of a result whose bytes are too few or too many.
func badResult(name string, got, want int) error {
	return fmt.Errorf("multiprocessing/pool: result of %q has %d bytes instead of %d", name, got, want)
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
		one := make([]R, 1)
		w.ReadResults(b, one)
		*r = one[0]
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
