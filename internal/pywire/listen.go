package pywire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/conexgo/conex/internal/watch"
)

// A ListenConfig is how a Listener treats those who come.
type ListenConfig struct {
	Key    []byte // that both sides must know
	NoAuth bool   // there is no key, and no handshake
	Policy Policy
	TLS    *tls.Config // what the frames travel in, if not nil

	// HandshakeTimeout is how long a connection may take to show the key, TLS
	// included; 0 means 10 seconds.
	HandshakeTimeout time.Duration

	// MaxPending is how many connections may be open that have not shown the
	// key, or that nobody has accepted. 0 means 1024, or a quarter of the
	// descriptors that the process may have if that is less.
	MaxPending int

	// Backlog is how many connections the system keeps that have not even been
	// looked at; 0 means as many as the system allows.
	Backlog int

	Max   int64 // see NewConn
	Files int   // see KeepFiles; 0 means none, and fewer are kept before the key is shown

	// OnRefused is told who was refused, and why, unless nil. It may be called
	// from several goroutines at once, and must not close the Listener.
	OnRefused func(remote string, err error)
}

const (
	defaultHandshake = 10 * time.Second
	defaultPending   = 1024
)

// A Listener accepts connections at once, lets each show that it knows the key
// in a goroutine of its own, and gives those who did to Accept. When more have
// not shown it yet than may, the one that has had the longest time for it is
// closed, once it has had 100 ms.
// It is safe for concurrent use.
type Listener struct {
	cfg  ListenConfig
	nl   net.Listener
	addr Address
	dir  string // made for the socket, or ""

	key    keeps
	wg     sync.WaitGroup
	once   sync.Once
	err    error         // of Close
	accept chan struct{} // holds a token if ready may have something
	taken  chan struct{} // holds a token if something was taken from ready or pending
	closed chan struct{}

	mu      sync.Mutex
	pending queue // the oldest first
	timer   *time.Timer
	hurried bool    // the timer runs
	ready   []*Conn // the oldest first
	failed  error   // why there will not be more
	last    string  // who was accepted last
	wakers  map[*func()]struct{}
}

// Listen listens at an address.
func Listen(ctx context.Context, a Address, cfg ListenConfig) (*Listener, error) {
	switch {
	case cfg.Key == nil && !cfg.NoAuth:
		return nil, ErrNoKey
	case cfg.Key != nil && cfg.NoAuth:
		return nil, errors.New("pywire: both AuthKey and NoAuth are set")
	case cfg.Key != nil && len(cfg.Key) == 0:
		return nil, errors.New("pywire: an empty AuthKey, which everybody knows: set one of random bytes")
	case cfg.HandshakeTimeout < 0 || cfg.MaxPending < 0 || cfg.Backlog < 0 || cfg.Max < 0:
		return nil, errors.New("pywire: negative limits make no sense: 0 is the default")
	}
	if err := cfg.Policy.Check(); err != nil {
		return nil, err
	}
	if cfg.HandshakeTimeout == 0 {
		cfg.HandshakeTimeout = defaultHandshake
	}
	if cfg.MaxPending == 0 {
		cfg.MaxPending = max(1, min(defaultPending, descriptors()/4))
	}
	l := &Listener{
		cfg: cfg, accept: make(chan struct{}, 1), taken: make(chan struct{}, 1), closed: make(chan struct{}),
		key: newKeeps(cfg.Key), wakers: map[*func()]struct{}{},
	}
	if err := l.listen(ctx, a); err != nil {
		if l.dir != "" {
			os.RemoveAll(l.dir)
		}
		return nil, err
	}
	l.addr = addressOf(l.nl.Addr())
	if cfg.Backlog > 0 {
		setBacklog(l.nl, cfg.Backlog)
	}
	l.wg.Go(l.serve)
	return l, nil
}

// listen opens the socket.
func (l *Listener) listen(ctx context.Context, a Address) (err error) {
	if a.network == "" {
		if a, err = ParseAddress(Families()[0]); err != nil {
			return err
		}
	}
	if a.network == "pipe" {
		l.nl, err = listenPipe(a.addr)
		return err
	}
	if a.network == "unix" && a.addr == "" {
		// A directory of its own: nobody else can put anything there.
		if l.dir, err = os.MkdirTemp("", "conex-"); err != nil {
			return err
		}
		if a, err = unixAddress(filepath.Join(l.dir, "listener")); err != nil {
			return err
		}
	}
	l.nl, err = new(net.ListenConfig).Listen(ctx, a.network, a.addr)
	if errors.Is(err, syscall.EADDRINUSE) && a.network == "unix" && !a.Abstract() {
		return fmt.Errorf("pywire: %w: if nobody listens there any more, remove the file", err)
	}
	if err != nil {
		return fmt.Errorf("pywire: %w", err)
	}
	return nil
}

// Address is where it listens, with the real port.
func (l *Listener) Address() Address { return l.addr }

// LastAccepted is the address of whom Accept returned last, if that has one:
// who connects to a socket's file has none.
func (l *Listener) LastAccepted() (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last, l.last != ""
}

// Pending is how many connections have not shown the key yet.
func (l *Listener) Pending() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pending.n
}

// Accept returns the next connection that has shown the key and still lives. It
// waits at most until ctx ends; one that has ended already lets pass what is
// there. After Close the error matches net.ErrClosed.
func (l *Listener) Accept(ctx context.Context) (*Conn, error) {
	for {
		l.mu.Lock()
		for len(l.ready) > 0 {
			c := l.ready[0]
			l.ready[0] = nil
			l.ready = l.ready[1:]
			if len(l.ready) > 0 {
				signal(l.accept)
			}
			signal(l.taken)
			l.mu.Unlock()
			if c.Alive() {
				l.mu.Lock()
				l.last = remote(c.nc)
				l.mu.Unlock()
				return c, nil
			}
			c.Close()
			l.mu.Lock()
		}
		err := l.failed
		l.mu.Unlock()
		if err != nil {
			signal(l.accept) // for the next one who waits
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, watch.Reason(ctx)
		}
		select {
		case <-l.accept:
		case <-ctx.Done():
			// Somebody may have come, and it would be a pity.
			select {
			case <-l.accept:
			default:
				return nil, watch.Reason(ctx)
			}
		}
	}
}

// Ready reports whether Accept would not have to wait, unless who has come goes
// away before.
func (l *Listener) Ready() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.ready) > 0 || l.failed != nil
}

// Await calls wake whenever Ready may have become true, until stop is called.
func (l *Listener) Await(wake func()) (stop func()) {
	key := &wake
	l.mu.Lock()
	l.wakers[key] = struct{}{}
	l.mu.Unlock()
	return func() {
		l.mu.Lock()
		delete(l.wakers, key)
		l.mu.Unlock()
	}
}

// announce tells those who wait that something has changed. The caller holds
// l.mu.
func (l *Listener) announce() {
	signal(l.accept)
	for w := range l.wakers {
		(*w)()
	}
}

// Close stops listening, ends the handshakes, and closes what nobody has
// accepted; it waits for that. Connections that were accepted are not touched.
// A socket's file is removed. Closing again does nothing.
func (l *Listener) Close() error {
	l.once.Do(func() {
		l.mu.Lock()
		l.failed = fmt.Errorf("pywire: the listener is closed: %w", net.ErrClosed)
		close(l.closed)
		l.announce()
		l.unhurry()
		l.mu.Unlock()
		l.err = l.nl.Close()
		l.mu.Lock()
		for p := range l.pending.all {
			p.nc.Close()
		}
		l.mu.Unlock()
		l.wg.Wait()
		l.mu.Lock()
		for _, c := range l.ready {
			c.Close()
		}
		l.ready = nil
		l.mu.Unlock()
		if l.dir != "" {
			os.RemoveAll(l.dir)
		}
	})
	return l.err
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// RemoteAddress is the address of the other side, or "" if it has none.
func RemoteAddress(c *Conn) string { return remote(c.nc) }

func remote(nc net.Conn) string {
	if a := nc.RemoteAddr(); a != nil && a.Network() != "pipe" {
		if s := a.String(); s != "@" { // a nameless AF_UNIX socket
			return s
		}
	}
	return ""
}
