package threading

import (
	"context"

	"github.com/conexgo/conex/internal/current"
)

// A Thread is a goroutine with a name and an identity.
type Thread struct{ name string }

// Name returns its name.
func (t *Thread) Name() string { return t.name }

// Current returns the thread that ctx carries, or nil.
func Current(ctx context.Context) *Thread {
	t, _ := ctx.Value(current.Key{}).(*Thread)
	return t
}
