package wire

import (
	"context"

	"github.com/conexgo/conex/internal/codec"
)

// reader is RunOne in two steps, for processes that run one function and have no
// use for its result: what is wrong with the argument is known before anything
// runs, and what beside the bytes came with it can be let go.
func reader[A, R any](f *Func[A, R], fn func(context.Context, A) (R, error)) func(*codec.Decoder) (func(context.Context) error, error) {
	return func(d *codec.Decoder) (func(context.Context) error, error) {
		var a A
		if err := f.ReadArg(d, &a); err != nil {
			return nil, err
		}
		return func(ctx context.Context) error {
			_, err := fn(ctx, a)
			return err
		}, nil
	}
}
