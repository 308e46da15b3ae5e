package python

import (
	"errors"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/wire"
)

// A Bound is a function of Python together with its argument: a call that a
// worker makes when it starts, see [Config].Init. It is made by [Func.Bind] and
// its kin. The zero value is no call at all. Copies are the same call.
type Bound struct{ b bound }

type bound interface {
	entry() *wire.Entry
	encode(e *codec.Encoder) error
}

type boundFunc[A, R any] struct {
	w   *wire.Func[A, R]
	arg A
}

func bind[A, R any](w *wire.Func[A, R], arg A) Bound {
	if w == nil {
		return Bound{noFunc{}}
	}
	return Bound{&boundFunc[A, R]{w, arg}}
}

// IsZero reports whether b holds no call.
func (b Bound) IsZero() bool { return b.b == nil }

// Name returns the name of the function, or "" for the zero value.
func (b Bound) Name() string {
	if b.b == nil {
		return ""
	}
	return b.b.entry().Name
}

// encode returns the key of the function, the pickle of its argument without the
// length before it, and what travels beside it.
func (b Bound) encode() (key, arg []byte, handles []any, err error) {
	entry := b.b.entry()
	if entry.Err != nil {
		return nil, nil, nil, notEncodable(entry.Name, entry.Err)
	}
	var e codec.Encoder
	if err := b.b.encode(&e); err != nil {
		return nil, nil, nil, notEncodable(entry.Name, err)
	}
	return entry.Key, e.Buf[itemHead:], e.Handles, nil
}

func (b *boundFunc[A, R]) entry() *wire.Entry            { return &b.w.Entry }
func (b *boundFunc[A, R]) encode(e *codec.Encoder) error { return b.w.AppendArg(e, &b.arg) }

// noFunc is a call of the zero InlineFunc.
type noFunc struct{}

var errNoFunc = errors.New("python: a zero InlineFunc is no function: make one with Inline")

func (noFunc) entry() *wire.Entry          { return &wire.Entry{Err: errNoFunc, Engine: engine} }
func (noFunc) encode(*codec.Encoder) error { return errNoFunc }
