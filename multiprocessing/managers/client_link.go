package managers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/internal/watch"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/pickle"
)

// A link is one connection on which the server answers requests to objects,
// one after the other. It is used by one goroutine at a time.
type link struct {
	m       *Manager
	wire    *pywire.Conn
	number  int64 // of the session, as the server counts; 0 with CPython's
	request int64 // of the last one that was sent in it
	in, out []byte
	since   time.Time // idle since then
}

// dial opens a link. The first one of a Manager finds out what the server is.
func (m *Manager) dial(ctx context.Context) (*link, error) {
	wire, err := pywire.Dial(ctx, m.addr, pywire.DialConfig{
		Key: m.cfg.AuthKey, TLS: m.cfg.TLS, Max: m.cfg.MaxMessage,
	})
	if err != nil {
		return nil, fmt.Errorf("managers: %w", err)
	}
	l := &link{m: m, wire: wire}
	if err := l.greet(ctx); err != nil {
		wire.Close()
		return nil, err
	}
	return l, nil
}

// greet has the server serve the link. A server of this package tells its
// number of it, and counts the references that are made there with those of
// home. Both requests go out before the first answer is waited for.
func (l *link) greet(ctx context.Context) error {
	m := l.m
	first := m.home == nil
	out, err := m.request(l.out, noIdent, "accept_connection", []any{multiprocessing.CurrentProcess().Name()})
	if err == nil {
		err = l.wire.WriteFrame(ctx, out)
	}
	if err == nil && (first || m.native) {
		var args []any
		if !first {
			args = []any{m.home.number}
		}
		if out, err = m.request(out, noIdent, extraHello, args); err == nil {
			err = l.wire.WriteFrame(ctx, out)
		}
	}
	l.out = out
	if err != nil {
		return l.failed(ctx, err, false)
	}
	if _, err := l.receive(ctx, "accept_connection"); err != nil {
		return err
	}
	if !first && !m.native {
		return nil
	}
	v, err := l.receive(ctx, extraHello)
	if err != nil {
		if first && errors.Is(err, ErrRemote) {
			return nil // it is CPython's
		}
		return err
	}
	t, ok := v.(pickle.Tuple)
	if !ok || len(t) != 2 {
		return badAnswer(extraHello, v)
	}
	var ok1, ok2 bool
	l.number, ok1 = t[0].(int64)
	l.request, ok2 = t[1].(int64)
	if !ok1 || !ok2 {
		return badAnswer(extraHello, v)
	}
	return nil
}

// receive waits for an answer, and for nothing after ctx has ended.
func (l *link) receive(ctx context.Context, to string) (any, error) {
	b, err := l.wire.ReadFrameInto(ctx, l.in)
	if err != nil {
		return nil, l.failed(ctx, err, false)
	}
	l.in = b
	return l.m.answer(b, to)
}

// failed says why a frame was not sent or did not come.
func (l *link) failed(ctx context.Context, err error, sent bool) error {
	switch {
	case errors.Is(err, net.ErrClosed):
		if sent {
			return fmt.Errorf("%w: %w", ErrClosed, ErrUnknownOutcome)
		}
		return ErrClosed
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return watch.Reason(ctx)
	case errors.Is(err, pywire.ErrTooLong):
		return fmt.Errorf("managers: answer: %w; ClientConfig.MaxMessage allows more", err)
	case errors.Is(err, pywire.ErrFrame):
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return gone(err, sent)
}

// begin makes l the first link of m.
func (m *Manager) begin(l *link) {
	m.native = l.number != 0
	m.links[l] = struct{}{}
	if addr := l.wire.NetConn().RemoteAddr(); m.addr.Network() == "tcp" && addr != nil {
		// What CPython's server calls itself is a number, however it was found.
		if a, err := pywire.ParseAddress(addr.String()); err == nil {
			m.token = a.Value()
		}
	}
	if !m.native {
		l.since = time.Now()
		m.idle = append(m.idle, l)
		return
	}
	m.home = l
	m.homes <- struct{}{}
}

// once calls a server function on a connection of its own, as CPython does.
func (m *Manager) once(ctx context.Context, name string, args []any) (any, error) {
	if err := m.usable(); err != nil && name != "decref" {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, watch.Reason(ctx)
	}
	wire, err := pywire.Dial(ctx, m.addr, pywire.DialConfig{
		Key: m.cfg.AuthKey, TLS: m.cfg.TLS, Max: m.cfg.MaxMessage,
	})
	if err != nil {
		return nil, fmt.Errorf("managers: %w", err)
	}
	defer wire.Close()
	l := &link{m: m, wire: wire}
	out, err := m.request(nil, noIdent, name, args)
	if err != nil {
		return nil, err
	}
	if err := wire.WriteFrame(ctx, out); err != nil {
		return nil, l.failed(ctx, err, false)
	}
	// A function that is under way is not given up lightly: what it made would
	// stay without anybody who knows of it.
	b, err := l.await(ctx, m.cfg.Grace)
	if err != nil {
		return nil, err
	}
	return m.answer(b, name)
}

// await waits for the answer to a request that was sent. If ctx ends first, it
// has the server end the request if it can, and waits for the answer as long as
// grace says; for ever if that is negative.
func (l *link) await(ctx context.Context, grace time.Duration) ([]byte, error) {
	b, err := l.wire.ReadFrameInto(ctx, l.in)
	if err == nil {
		l.in = b
		return b, nil
	}
	if ctx.Err() == nil || l.wire.Closed() || !errors.Is(err, ctx.Err()) {
		return nil, l.failed(ctx, err, true)
	}
	l.giveUp()
	late := context.WithoutCancel(ctx)
	if grace >= 0 {
		var cancel context.CancelFunc
		late, cancel = context.WithTimeout(late, grace)
		defer cancel()
	}
	b, err = l.wire.ReadFrameInto(late, l.in)
	switch {
	case err == nil:
		l.in = b
		return b, nil
	case late.Err() != nil && errors.Is(err, late.Err()):
		return nil, silent(ctx)
	}
	return nil, l.failed(late, err, true)
}

// giveUp asks a server of this package to end the request that is under way.
func (l *link) giveUp() {
	if l.number == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), l.m.cfg.Grace)
	defer cancel()
	l.m.perform(ctx, &task{
		head: noIdent, method: extraCancel, args: []any{l.number, l.request}, near: true,
	})
}
