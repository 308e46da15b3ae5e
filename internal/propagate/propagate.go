// Package propagate carries context values across the border of a process
// for the propagators registered with conex.RegisterPropagator.
package propagate

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
)

// A Propagator is conex.Propagator.
type Propagator interface {
	Name() string
	Inject(ctx context.Context) []byte
	Extract(ctx context.Context, data []byte) context.Context
}

var registered struct {
	sync.RWMutex
	list []Propagator
}

// Add registers p, unless its name is taken.
func Add(p Propagator) bool {
	registered.Lock()
	defer registered.Unlock()
	for _, old := range registered.list {
		if old.Name() == p.Name() {
			return false
		}
	}
	registered.list = append(registered.list, p)
	return true
}

// A Checker is a Propagator that can say why it cannot carry what ctx has; its
// Inject is not used.
type Checker interface {
	TryInject(ctx context.Context) ([]byte, error)
}

// Inject collects what the propagators find in ctx: nil if nothing.
func Inject(ctx context.Context) ([]byte, error) {
	registered.RLock()
	defer registered.RUnlock()
	var out []byte
	for _, p := range registered.list {
		var data []byte
		if c, ok := p.(Checker); ok {
			var err error
			if data, err = c.TryInject(ctx); err != nil {
				return nil, err
			}
		} else {
			data = p.Inject(ctx)
		}
		if data == nil {
			continue
		}
		name := p.Name()
		out = binary.AppendUvarint(out, uint64(len(name)))
		out = append(out, name...)
		out = binary.AppendUvarint(out, uint64(len(data)))
		out = append(out, data...)
	}
	return out, nil
}

var errCorrupt = errors.New("conex: corrupt context values")

// Extract is the other side of Inject. What no propagator here knows is
// ignored.
func Extract(ctx context.Context, in []byte) (context.Context, error) {
	registered.RLock()
	defer registered.RUnlock()
	for len(in) > 0 {
		var name, data []byte
		var ok bool
		if name, in, ok = field(in); !ok {
			return ctx, errCorrupt
		}
		if data, in, ok = field(in); !ok {
			return ctx, errCorrupt
		}
		for _, p := range registered.list {
			if p.Name() == string(name) {
				ctx = p.Extract(ctx, data)
			}
		}
	}
	return ctx, nil
}

func field(in []byte) (f, rest []byte, ok bool) {
	n, k := binary.Uvarint(in)
	if k <= 0 || n > uint64(len(in)-k) {
		return nil, nil, false
	}
	return in[k : k+int(n)], in[k+int(n):], true
}
