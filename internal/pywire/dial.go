package pywire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/conexgo/conex/internal/watch"
)

// A DialConfig is how to connect.
type DialConfig struct {
	Key              []byte // that both sides must know
	NoAuth           bool   // the other side wants no key
	Policy           Policy
	TLS              *tls.Config   // as in a ListenConfig; ServerName may be left out for TCP
	HandshakeTimeout time.Duration // from the connection on; 0 means 10 seconds
	Max              int64         // see NewConn
	Files            int           // see KeepFiles; 0 means none
}

// Dial connects to a listener and shows each other the key. It waits at most
// until ctx ends. Errors match ErrAuthentication if the other side has another
// key or is something else, context.DeadlineExceeded if the handshake took too
// long, or what the system says.
func Dial(ctx context.Context, a Address, cfg DialConfig) (*Conn, error) {
	switch {
	case cfg.Key == nil && !cfg.NoAuth:
		return nil, ErrNoKey
	case cfg.Key != nil && cfg.NoAuth:
		return nil, errors.New("pywire: both AuthKey and NoAuth are set")
	case cfg.HandshakeTimeout < 0 || cfg.Max < 0:
		return nil, errors.New("pywire: negative limits make no sense: 0 is the default")
	case a.addr == "":
		return nil, errors.New("pywire: no address to connect to: " + forms)
	}
	if err := cfg.Policy.Check(); err != nil {
		return nil, err
	}
	nc, err := dial(ctx, a)
	if err != nil {
		return nil, err
	}
	timeout := cfg.HandshakeTimeout
	if timeout == 0 {
		timeout = defaultHandshake
	}
	if !cfg.NoAuth || cfg.TLS != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, timeout, errSlow)
		defer cancel()
	}
	if cfg.TLS != nil {
		conf := cfg.TLS
		if conf.ServerName == "" && a.network == "tcp" {
			conf = conf.Clone()
			conf.ServerName, _, _ = net.SplitHostPort(a.addr)
		}
		t := tls.Client(nc, conf)
		if err := t.HandshakeContext(ctx); err != nil {
			nc.Close()
			return nil, fmt.Errorf("pywire: TLS: %w", err)
		}
		nc = t
	}
	c := NewConn(nc, cfg.Max)
	if cfg.Files > 0 {
		c.KeepFiles(cfg.Files)
	}
	if cfg.NoAuth {
		return c, nil
	}
	if err = Answer(ctx, c, cfg.Key, cfg.Policy); err == nil {
		err = Deliver(ctx, c, cfg.Key, cfg.Policy)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// dial connects, without any handshake.
func dial(ctx context.Context, a Address) (net.Conn, error) {
	if a.network == "pipe" {
		return dialPipe(ctx, a.addr)
	}
	var d net.Dialer
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		nc, err := d.DialContext(ctx, a.network, a.addr)
		if err == nil {
			return nc, nil
		}
		// A socket's file whose backlog is full: TCP would wait.
		if a.network != "unix" || !errors.Is(err, syscall.EAGAIN) {
			return nil, fmt.Errorf("pywire: %w", reason(ctx, err))
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("pywire: %w", reason(ctx, err))
		case <-time.After(pause):
		}
	}
}

// reason adds what ctx ended with, since package net says less.
func reason(ctx context.Context, err error) error {
	if _, ok := ctx.Deadline(); ok && (errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)) {
		<-ctx.Done() // the socket's timer was earlier than that of ctx
	}
	if ctx.Err() == nil {
		return err
	}
	return fmt.Errorf("%w (%w)", watch.Reason(ctx), err)
}
