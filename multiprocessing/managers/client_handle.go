package managers

import (
	"context"
	"fmt"

	"github.com/conexgo/conex/pickle"
)

// A handle is what all typed handles have in common.
type handle struct{ p *Proxy }

// Proxy returns the proxy by which the handle calls its object.
func (h *handle) Proxy() *Proxy { return h.p }

// Call calls any method of the object: see [Proxy.Call].
func (h *handle) Call(ctx context.Context, method string, args ...any) (any, error) {
	return h.p.call(ctx, method, args...)
}

// Close gives the reference to the object back: see [Proxy.Close].
func (h *handle) Close() error { return h.p.Close() }

// String describes the handle, without asking the server.
func (h *handle) String() string { return h.p.String() }

// MarshalPickle gives the proxy as Python knows it, so that a handle can be an
// argument, or an item of what is shared.
func (h *handle) MarshalPickle() (any, error) { return h.p.MarshalPickle() }

// UnmarshalPickle makes a handle of a proxy that a server returned.
func (h *handle) UnmarshalPickle(v any) error {
	p, ok := v.(*Proxy)
	if !ok {
		return fmt.Errorf("managers: a proxy is needed, not a value of type %s", pickle.TypeName(v))
	}
	h.p = p
	return nil
}

// create makes an object for a handle.
func create(ctx context.Context, m *Manager, typeid string, args ...any) (handle, error) {
	p, err := m.Create(ctx, typeid, args...)
	return handle{p}, err
}
