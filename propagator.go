package conex

import (
	"context"

	"github.com/conexgo/conex/internal/propagate"
)

// A Propagator says which values of a context cross the border of a process.
// Deadlines and cancellation always do; values do not unless a Propagator
// carries them: a trace identity, a user name, context variables.
type Propagator interface {
	// Name identifies the propagator on both sides.
	Name() string
	// Inject returns what ctx carries, as bytes; nil for nothing. It is
	// called once for each context under which tasks are submitted, and
	// again when context variables that travel have changed there.
	Inject(ctx context.Context) []byte
	// Extract returns ctx with the values that Inject found. It runs in
	// the worker.
	Extract(ctx context.Context, data []byte) context.Context
}

// RegisterPropagator makes p carry its values to every worker. Call it while
// the package initialises. A name that is empty or taken panics.
func RegisterPropagator(p Propagator) {
	if p == nil || p.Name() == "" {
		panic("conex: RegisterPropagator without a name")
	}
	if !propagate.Add(p) {
		panic("conex: propagator " + p.Name() + " registered twice")
	}
}
