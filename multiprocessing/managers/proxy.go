package managers

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/conexgo/conex/pickle"
)

// A Proxy stands for an object in a server: what BaseProxy is in Python. The
// typed handles of this package, such as [Queue] and [Dict], are proxies with
// methods; a Proxy itself calls anything by name.
//
// It has one reference to the object, which lives at least as long. Close gives
// it back. A Proxy can be an argument of any call, and an item of what such a
// call stores, also in another server: the receiver gets a proxy of its own.
// What a server returns that is a proxy arrives as a *Proxy; two of them are
// the same object if their Tokens are equal.
//
// A Proxy is safe for concurrent use by any number of goroutines, other than
// Python's. It must not be copied.
type Proxy struct {
	m       *Manager
	token   Token
	exposed []string
	head    []byte         // begin of all requests
	as      *pickle.Object // as it came, if it came in an answer
	closed  atomic.Bool
	cleanup runtime.Cleanup
}

// proxy returns a proxy that has one reference.
func (m *Manager) proxy(tok Token, exposed []string, as *pickle.Object) *Proxy {
	p := &Proxy{m: m, token: tok, exposed: exposed, head: identHead(tok.ID), as: as}
	m.refs.hold(tok.ID)
	p.cleanup = runtime.AddCleanup(p, m.refs.release, tok.ID)
	return p
}

// Manager returns the Manager by which p talks to its server. It is not always
// the one that p came from: a proxy of another server's object has that
// server's.
func (p *Proxy) Manager() *Manager { return p.m }

// Token says which object of which server it is.
func (p *Proxy) Token() Token { return p.token }

// TypeID returns the name under which the type of the object is registered.
func (p *Proxy) TypeID() string { return p.token.TypeID }

// Exposed returns the names of the methods that may be called, or nil for a
// proxy that came in an answer without them: see [Proxy.Methods].
func (p *Proxy) Exposed() []string { return slices.Clone(p.exposed) }

// Methods asks the server for the names of the methods that may be called.
func (p *Proxy) Methods(ctx context.Context) ([]string, error) {
	if err := p.usable(); err != nil {
		return nil, err
	}
	v, err := p.m.function(ctx, "get_methods", []any{p.token})
	if err != nil {
		return nil, err
	}
	ss, ok := names(v)
	if !ok {
		return nil, badAnswer("get_methods", v)
	}
	return ss, nil
}

// Call calls a method of the object in the server, and returns a copy of the
// result in the types of package pickle, or a *Proxy if the result stays in the
// server. Arguments are anything that package pickle can encode; a last one of
// type [Kwds] gives keyword arguments. See the function [Call] for results of a
// given type.
//
// An exception of the method is a *pickle.Exception, or an *ObjectError if its
// class is the Python program's own; those that this library has
// errors for match them, too: queue.ErrEmpty, threading.ErrBrokenBarrier and so
// on. A *RemoteError is other trouble in the server: the method is not exposed,
// the object is gone, the result cannot be pickled.
//
// When ctx ends, a server of this package ends the call. The answer is waited
// for all the same, for at most ClientConfig.Grace: if the call succeeded, so
// does Call, and nothing is lost that it took. An error that matches
// [ErrUnknownOutcome] says that there was no answer.
func (p *Proxy) Call(ctx context.Context, method string, args ...any) (any, error) {
	return p.call(ctx, method, args...)
}

func (p *Proxy) call(ctx context.Context, method string, args ...any) (any, error) {
	if err := p.usable(); err != nil {
		return nil, err
	}
	v, err := p.m.perform(ctx, &task{head: p.head, method: method, args: args})
	runtime.KeepAlive(p)
	return v, err
}

// do calls a method that returns nothing.
func (p *Proxy) do(ctx context.Context, method string, args ...any) error {
	_, err := p.call(ctx, method, args...)
	return err
}

// Value returns a copy of the object itself, which every object has that can be
// pickled, whatever is exposed: Python's _getvalue.
func (p *Proxy) Value(ctx context.Context) (any, error) { return p.call(ctx, "#GETVALUE") }

// Describe returns the object as Python's str has it.
func (p *Proxy) Describe(ctx context.Context) (string, error) {
	return Call[string](ctx, p, "__str__")
}

// String describes the proxy, without asking the server.
func (p *Proxy) String() string {
	if p == nil || p.m == nil {
		return "<Proxy of nothing>"
	}
	return fmt.Sprintf("<Proxy of %s %s at %s>", p.token.TypeID, p.token.ID, p.m.addr)
}

func (p *Proxy) usable() error {
	switch {
	case p == nil || p.m == nil:
		return errNoProxy
	case p.closed.Load():
		return ErrClosed
	}
	return nil
}

// Close gives the reference back. When the last one of all clients is given
// back the object ends. Close does not wait for that: it is done as soon as may
// be, and before what the Manager is asked next about its objects. Later calls
// return ErrClosed; closing again does nothing. A Proxy that is not closed does
// so some time after the program has forgotten it, and with its Manager.
func (p *Proxy) Close() error {
	if p == nil || p.m == nil || p.closed.Swap(true) {
		return nil
	}
	p.cleanup.Stop()
	p.m.refs.release(p.token.ID)
	return nil
}

// callAs is call as the thread of ctx.
func (p *Proxy) callAs(ctx context.Context, method string, args ...any) (any, error) {
	if err := p.usable(); err != nil {
		return nil, err
	}
	v, err := p.m.performAs(ctx, &task{head: p.head, method: method, args: args})
	runtime.KeepAlive(p)
	return v, err
}

func (p *Proxy) doAs(ctx context.Context, method string, args ...any) error {
	_, err := p.callAs(ctx, method, args...)
	return err
}
