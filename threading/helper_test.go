package threading

import (
	"context"
	"os"
	"strconv"
	"testing"

	"github.com/conexgo/conex/internal/current"
)

// asThread returns a context whose thread is a new one of that name.
func asThread(ctx context.Context, name string) context.Context {
	t := new(Thread)
	t.SetName(name)
	return context.WithValue(ctx, current.Key{}, t)
}

// operations is how much a stress test does.
func operations() int {
	if n, err := strconv.Atoi(os.Getenv("CONEX_STRESS")); err == nil {
		return n
	}
	return 20_000
}

// notCalled returns a function that is not to be called.
func notCalled(t *testing.T) func(context.Context) error {
	return func(context.Context) error {
		t.Error("called without the lock")
		return nil
	}
}
