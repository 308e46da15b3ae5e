package managers

import (
	"context"
	"fmt"
	"sync"

	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/pickle"
	"github.com/conexgo/conex/threading"
)

// A Manager is a connection to a server, which makes objects there and gives
// proxies for them: what an instance of SyncManager is in Python once its
// connect method was called. Make one with [Connect].
//
// A Manager has a connection to the server for each call that is under way, and
// keeps some for the next calls. It is safe for concurrent use, as are its
// proxies, and must not be copied. What a call does in the server synchronizes
// before the return of the call.
//
// Close it in the end: with a Manager its proxies end.
type Manager struct {
	cfg    ClientConfig
	addr   pywire.Address
	native bool // the server is one of this package's
	encode pickle.Config
	decode pickle.Config

	// The address as it is in tokens. CPython's server compares it with its own.
	token any

	// A server of this package takes the references of this Manager back when
	// the connection of home ends, which therefore is used for nothing that
	// waits. CPython's server does no such thing; then home is nil.
	home  *link
	homes chan struct{} // holds a token while home is free

	mu      sync.Mutex
	idle    []*link // the last used one is the last
	links   map[*link]struct{}
	waits   []*linkWait // for one, if none is idle
	dials   int         // how many are being made
	threads map[*threading.Thread]*threadLink
	peers   map[string]*Manager // servers whose proxies have come from this one
	closed  bool
	lost    error // why home is gone

	refs references

	owner *owner // of the server's process, if Start has started it
}

func newManager(addr pywire.Address, cfg ClientConfig) *Manager {
	m := &Manager{
		cfg: cfg, addr: addr, token: addr.Value(), homes: make(chan struct{}, 1),
		links: map[*link]struct{}{}, threads: map[*threading.Thread]*threadLink{},
	}
	m.refs.m = m
	m.refs.ctx, m.refs.cancel = context.WithCancel(context.Background())
	m.encode, m.decode = m.pickling()
	return m
}

// Address returns where the server is, in a form that Connect understands.
func (m *Manager) Address() string { return m.addr.String() }

func (m *Manager) String() string {
	what := "CPython"
	if m.native {
		what = "Go"
	}
	return fmt.Sprintf("<Manager of %s (%s)>", m.addr, what)
}

// Create has the server make an object of a typeid that is registered there,
// and returns a proxy for it: what manager.typeid(*args) is in Python. A last
// argument of type [Kwds] gives keyword arguments.
//
// What goes wrong while the object is made arrives as text, whatever the
// server is: it is a *RemoteError.
func (m *Manager) Create(ctx context.Context, typeid string, args ...any) (*Proxy, error) {
	all := make([]any, 0, len(args)+1)
	v, err := m.function(ctx, "create", append(append(all, typeid), args...))
	if err != nil {
		return nil, err
	}
	t, ok := v.(pickle.Tuple)
	if !ok || len(t) != 2 {
		return nil, badAnswer("create", v)
	}
	ident, ok := t[0].(string)
	if !ok {
		return nil, badAnswer("create", v)
	}
	exposed, ok := names(t[1])
	if !ok {
		return nil, badAnswer("create", v)
	}
	return m.proxy(Token{TypeID: typeid, Address: m.token, ID: ident}, exposed, nil), nil
}

// Ping asks the server to answer, which shows that it is there and has the key.
func (m *Manager) Ping(ctx context.Context) error {
	_, err := m.function(ctx, "dummy", nil)
	return err
}

// NumberOfObjects returns how many objects the server has to which any client
// refers. What proxies of this Manager have been closed before does not count.
func (m *Manager) NumberOfObjects(ctx context.Context) (int, error) {
	if err := m.refs.flush(ctx); err != nil {
		return 0, err
	}
	v, err := m.function(ctx, "number_of_objects", nil)
	if err != nil {
		return 0, err
	}
	return to[int](v)
}

// DebugInfo returns a text that tells of each object its identity, the number
// of references and the begin of its text form. It is meant for people.
func (m *Manager) DebugInfo(ctx context.Context) (string, error) {
	if err := m.refs.flush(ctx); err != nil {
		return "", err
	}
	v, err := m.function(ctx, "debug_info", nil)
	if err != nil {
		return "", err
	}
	return to[string](v)
}

// Shutdown asks the server to end, with all its objects, for all its clients,
// and closes m. It returns when the server has said that it will. A server that
// CPython runs exits its process then. If the server is gone already, that is
// an error.
//
// If [Start] has started the server, Shutdown waits for the end of its process
// as well, and does not take no for an answer: after a second (see
// [WithShutdownTimeout]) it sends SIGTERM, and after another one SIGKILL. If ctx
// ends first it kills at once, and the error matches that of ctx. It may be
// called again, and a server that is gone is no error.
func (m *Manager) Shutdown(ctx context.Context) error {
	if m.owner != nil {
		return m.shutdownOwn(ctx)
	}
	_, err := m.once(ctx, "shutdown", nil)
	if err != nil {
		return err
	}
	m.refs.forget()
	return m.hangUp()
}

// Close gives the references of all proxies back and closes the connections.
// Calls that are under way end with ErrClosed, and so do later ones. To a
// server of this package it takes no time; CPython's must be told of each
// reference by itself, for which there are 2 seconds. Closing again does
// nothing.
//
// A blocking call of CPython's server that Close interrupts goes on there.
//
// A server that [Start] has started ends with its Manager: Close is Shutdown.
func (m *Manager) Close() error {
	if m.owner != nil {
		return m.shutdownOwn(context.Background())
	}
	return m.hangUp()
}

// hangUp is Close for a server that is not ours to end.
func (m *Manager) hangUp() error {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return nil
	}
	m.closed = true
	peers := m.peers
	m.mu.Unlock()
	m.refs.end()
	m.mu.Lock()
	for l := range m.links {
		l.wire.Close()
	}
	m.links, m.idle = nil, nil
	for m.give(nil, ErrClosed) {
	}
	threads := m.threads
	m.threads = nil
	m.mu.Unlock()
	for _, t := range threads {
		t.stop()
		t.end()
	}
	for _, p := range peers {
		p.Close()
	}
	m.refs.wg.Wait()
	return nil
}

// usable says why m cannot be used.
func (m *Manager) usable() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.closed:
		return ErrClosed
	case m.lost != nil:
		return m.lost
	}
	return nil
}

// function calls a function of the server itself.
func (m *Manager) function(ctx context.Context, name string, args []any) (any, error) {
	if !m.native {
		return m.once(ctx, name, args)
	}
	return m.perform(ctx, &task{head: noIdent, method: name, args: args, near: true})
}

// names reads a tuple of str.
func names(v any) ([]string, bool) {
	t, ok := v.(pickle.Tuple)
	if !ok {
		return nil, false
	}
	ss := make([]string, len(t))
	for i, v := range t {
		if ss[i], ok = v.(string); !ok {
			return nil, false
		}
	}
	return ss, true
}
