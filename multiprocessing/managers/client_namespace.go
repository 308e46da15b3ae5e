package managers

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/conexgo/conex/pickle"
)

// A Namespace is an object in a server with attributes that Go and Python
// programs set and read: ns.x in Python is ns.Get(ctx, "x") here.
//
// Values travel as copies. Names that begin with an underscore are a proxy's own
// in Python, and are refused here: [ErrPrivateName].
//
// Make one with [NewNamespace], or with [NamespaceOf] of a proxy that came
// otherwise. It is safe for concurrent use and must not be copied. Other errors
// are those of [Proxy.Call].
type Namespace struct{ handle }

// NewNamespace makes a namespace with attributes, which may be nil.
func NewNamespace(ctx context.Context, m *Manager, attrs Kwds) (*Namespace, error) {
	h, err := create(ctx, m, "Namespace", attrs)
	if err != nil {
		return nil, err
	}
	return &Namespace{h}, nil
}

// NamespaceOf returns the namespace that p stands for, of whatever typeid, and
// takes p over.
func NamespaceOf(p *Proxy) *Namespace { return &Namespace{handle{p}} }

// Get returns an attribute. If there is none the error matches
// pickle.AttributeError. See [Attr] for a value of a given type.
func (n *Namespace) Get(ctx context.Context, name string) (any, error) {
	if err := shared(name); err != nil {
		return nil, err
	}
	return n.p.call(ctx, "__getattribute__", name)
}

// Attr returns an attribute of a [Namespace] as a T.
func Attr[T any](ctx context.Context, n *Namespace, name string) (T, error) {
	return result[T](n.Get(ctx, name))
}

// Has reports whether there is an attribute.
func (n *Namespace) Has(ctx context.Context, name string) (bool, error) {
	_, err := n.Get(ctx, name)
	if errors.Is(err, pickle.AttributeError) && !errors.Is(err, ErrRemote) {
		return false, nil
	}
	return err == nil, err
}

// Set sets an attribute.
func (n *Namespace) Set(ctx context.Context, name string, value any) error {
	if err := shared(name); err != nil {
		return err
	}
	return n.p.do(ctx, "__setattr__", name, value)
}

// Delete removes an attribute. If there is none the error matches
// pickle.AttributeError.
func (n *Namespace) Delete(ctx context.Context, name string) error {
	if err := shared(name); err != nil {
		return err
	}
	return n.p.do(ctx, "__delattr__", name)
}

func shared(name string) error {
	if strings.HasPrefix(name, "_") {
		return fmt.Errorf("%w: %q", ErrPrivateName, name)
	}
	return nil
}
