package managers

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/pickle"
)

// A ClientConfig says how to talk to a server. The zero value is right for a
// server that has the authkey of this process: one that a parent, a child or
// this process itself runs.
type ClientConfig struct {
	// AuthKey is what both sides must know. Nil means the authkey of this
	// process, as in CPython.
	AuthKey []byte

	// TLS, if not nil, is how the connections are encrypted.
	TLS *tls.Config

	// MaxMessage is how many bytes an answer may have; 0 means 256 MiB. It is a
	// server's memory bomb that this keeps away.
	MaxMessage int64

	// Classes knows the program's own classes and errors, and says which ones
	// answers may name: see package pickle. It must not be changed any more, nor
	// is it by Connect. Nil means that instances of unknown classes arrive as
	// *pickle.Object, which is safe: nothing in an answer is ever run.
	Classes *pickle.Classes

	// Grace is how long a call whose context has ended waits for the answer that
	// tells how the call went: see the package documentation. 0 means 1 second.
	Grace time.Duration

	// MaxIdle is how many connections are kept for the next calls; 0 means 8.
	// There are as many connections as there are calls at a time.
	MaxIdle int
}

const (
	defaultGrace = time.Second
	defaultIdle  = 8
)

// Connect connects to the server at an address: one of this package, in this
// process or any other, or one that CPython runs. The address is as in
// [Config], or what [Server.Address] returns.
//
// It waits at most until ctx ends. Errors match multiprocessing's
// ErrAuthentication if the keys differ, or are what the system says.
func Connect(ctx context.Context, address string, cfg ClientConfig) (*Manager, error) {
	addr, err := pywire.ParseAddress(address)
	if err != nil {
		return nil, fmt.Errorf("managers: %w", err)
	}
	if cfg.AuthKey == nil {
		cfg.AuthKey = processKey()
	}
	return connect(ctx, addr, cfg)
}

func connect(ctx context.Context, addr pywire.Address, cfg ClientConfig) (*Manager, error) {
	if cfg.MaxMessage == 0 {
		cfg.MaxMessage = defaultMessage
	}
	if cfg.Grace == 0 {
		cfg.Grace = defaultGrace
	}
	if cfg.MaxIdle == 0 {
		cfg.MaxIdle = defaultIdle
	}
	if cfg.MaxMessage < 0 || cfg.Grace < 0 || cfg.MaxIdle < 0 {
		return nil, fmt.Errorf("managers: negative limits make no sense: 0 is the default")
	}
	m := newManager(addr, cfg)
	l, err := m.dial(ctx)
	if err != nil {
		return nil, err
	}
	m.begin(l)
	return m, nil
}
