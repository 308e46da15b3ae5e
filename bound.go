package conex

import (
	"context"

	"github.com/conexgo/conex/internal/codec"
)

// A Bound is a registered function together with its argument, made by
// [Func.Bind]. The zero value is no call at all.
type Bound struct{ w bound }

type bound interface {
	name() string
	call(ctx context.Context) error
	encode(e *codec.Encoder) (id uint32, err error)
}

type boundFunc[A, R any] struct {
	f   *Func[A, R]
	arg A
}

// IsZero reports whether b holds no call.
func (b Bound) IsZero() bool { return b.w == nil }

// Name returns the function's name, or "" for the zero value.
func (b Bound) Name() string {
	if b.w == nil {
		return ""
	}
	return b.w.name()
}

// Call runs the function here and drops its result. The zero value does
// nothing.
func (b Bound) Call(ctx context.Context) error {
	if b.w == nil {
		return nil
	}
	return b.w.call(ctx)
}

// Encode appends the argument to e and returns the function's number in the
// table. Only the engines of this module can use it.
func (b Bound) Encode(e *codec.Encoder) (id uint32, err error) { return b.w.encode(e) }

func (b *boundFunc[A, R]) name() string { return b.f.Name() }

func (b *boundFunc[A, R]) call(ctx context.Context) error {
	_, err := b.f.Call(ctx, b.arg)
	return err
}

func (b *boundFunc[A, R]) encode(e *codec.Encoder) (uint32, error) {
	return b.f.w.ID, b.f.w.AppendArg(e, &b.arg)
}
