package managers

import (
	"context"
	"fmt"
	"net"

	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/pickle"
)

// standard says which class of Python's stands for the proxies of a typeid of
// SyncManager. All others are made by AutoProxy, of the exposed methods. A set
// is among these, since SetProxy is not in all versions.
var standard = map[string]string{
	"Lock": "AcquirerProxy", "RLock": "AcquirerProxy",
	"Semaphore": "AcquirerProxy", "BoundedSemaphore": "AcquirerProxy",
	"Condition": "ConditionProxy", "Event": "EventProxy", "Barrier": "BarrierProxy",
	"Namespace": "NamespaceProxy", "Value": "ValueProxy", "Array": "ArrayProxy",
	"list": "ListProxy", "dict": "DictProxy", "Pool": "PoolProxy", "Iterator": "IteratorProxy",
}

// MarshalPickle gives a proxy as CPython pickles it. What came from a server
// goes out as it came.
func (p *Proxy) MarshalPickle() (any, error) {
	if err := p.usable(); err != nil {
		return nil, fmt.Errorf("managers: a proxy as an argument: %w", err)
	}
	if p.as != nil {
		return p.as, nil
	}
	name, ok := standard[p.token.TypeID]
	kwds := pickle.NewDict()
	if !ok {
		name = "AutoProxy"
		kwds.Set("exposed", tuple(p.exposed))
	}
	return &pickle.Object{Make: pickle.Reduce, Class: rebuildProxy, Args: pickle.Tuple{
		pickle.Global{Module: rebuildProxy.Module, Name: name}, p.token, "pickle", kwds,
	}}, nil
}

// UnmarshalPickle is for package pickle, which calls it for a *Proxy variable:
// only a proxy that came from a server can be assigned.
func (p *Proxy) UnmarshalPickle(v any) error {
	return fmt.Errorf("managers: cannot make a Proxy of a %s: a *Proxy variable takes what a server returned", pickle.TypeName(v))
}

// answeredProxy makes the proxy for a result that stays in the server, whose
// first reference is the caller's: that is taken over.
func (m *Manager) answeredProxy(v any) (*Proxy, bool) {
	t, ok := v.(pickle.Tuple)
	if !ok || len(t) != 2 {
		return nil, false
	}
	exposed, ok := names(t[0])
	if !ok {
		return nil, false
	}
	tok, ok := readToken(t[1])
	if !ok {
		return nil, false
	}
	tok.Address = m.token
	return m.proxy(tok, exposed, nil), true
}

// adopt makes proxies of all that are in an answer, each with a reference of
// its own.
func (m *Manager) adopt(ctx context.Context, v any) (any, error) {
	a := adopter{ctx: ctx, m: m, done: map[any]any{}}
	v = a.value(v, 0)
	if a.err != nil {
		for _, p := range a.made {
			p.Close()
		}
		return nil, a.err
	}
	return v, nil
}

// An adopter walks through an answer.
type adopter struct {
	ctx  context.Context
	m    *Manager
	done map[any]any // by identity
	made []*Proxy
	err  error
}

// adoptDepth is how deep proxies are looked for.
const adoptDepth = 1000

func (a *adopter) value(v any, depth int) any {
	if a.err != nil || depth > adoptDepth {
		return v
	}
	depth++
	switch v := v.(type) {
	case pickle.Tuple:
		for i, x := range v {
			v[i] = a.value(x, depth)
		}
	case *pickle.List:
		if a.first(v) {
			for i, x := range v.Items {
				v.Items[i] = a.value(x, depth)
			}
		}
	case *pickle.Dict:
		if a.first(v) {
			for _, p := range v.Pairs() {
				v.Set(p.Key, a.value(p.Value, depth))
			}
		}
	case *pickle.Object:
		if p, ok := a.done[v]; ok {
			return p
		}
		a.done[v] = v
		if v.Class == any(rebuildProxy) && v.Make == pickle.Reduce {
			p := a.rebuild(v)
			if p == nil {
				return v
			}
			a.done[v] = p
			a.made = append(a.made, p)
			return p
		}
		v.State = a.value(v.State, depth)
		for i, x := range v.Items {
			v.Items[i] = a.value(x, depth)
		}
	}
	return v
}

func (a *adopter) first(v any) bool {
	_, ok := a.done[v]
	a.done[v] = v
	return !ok
}

// rebuild makes the proxy that an Object is, or returns nil if it is none.
func (a *adopter) rebuild(o *pickle.Object) *Proxy {
	if len(o.Args) < 2 {
		return nil
	}
	tok, ok := readToken(o.Args[1])
	if !ok {
		return nil
	}
	m, err := a.m.ownerOf(a.ctx, tok)
	if err != nil {
		a.err = fmt.Errorf("managers: a proxy in an answer: %w", err)
		return nil
	}
	if _, err := m.function(a.ctx, "incref", []any{tok.ID}); err != nil {
		a.err = fmt.Errorf("managers: a proxy in an answer: %w", err)
		return nil
	}
	var exposed []string
	if len(o.Args) > 3 {
		if d, ok := o.Args[3].(*pickle.Dict); ok {
			if v, ok := d.Get("exposed"); ok {
				exposed, _ = names(v)
			}
		}
	}
	return m.proxy(tok, exposed, o)
}

// ownerOf returns the Manager for a token's server: m, or one with the same
// authkey that is connected for it and ends with m.
func (m *Manager) ownerOf(ctx context.Context, tok Token) (*Manager, error) {
	addr, err := pywire.AddressOf(tok.Address)
	if err != nil {
		return nil, err
	}
	own, err := pywire.AddressOf(m.token)
	if err != nil {
		return nil, err
	}
	if addr == own || addr == m.addr || m.calledSo(addr) {
		return m, nil
	}
	key := addr.String()
	m.mu.Lock()
	p, closed := m.peers[key], m.closed
	m.mu.Unlock()
	if closed {
		return nil, ErrClosed
	}
	if p != nil {
		return p, nil
	}
	if p, err = connect(ctx, addr, m.cfg); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || m.peers[key] != nil {
		go p.Close()
		if m.closed {
			return nil, ErrClosed
		}
		return m.peers[key], nil
	}
	if m.peers == nil {
		m.peers = map[string]*Manager{}
	}
	m.peers[key] = p
	return p, nil
}

// calledSo reports whether an address is another spelling of that of m's
// server: all names of one machine's loopback, as far as they are known.
func (m *Manager) calledSo(addr pywire.Address) bool {
	if addr.Network() != "tcp" || m.addr.Network() != "tcp" || !addr.Loopback() || !m.addr.Loopback() {
		return false
	}
	_, port1, err1 := net.SplitHostPort(addr.String())
	_, port2, err2 := net.SplitHostPort(m.addr.String())
	return err1 == nil && err2 == nil && port1 == port2
}
