package managers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/pickle"
)

// A Server holds objects that clients use through proxies: Go programs and
// CPython's. Make one with [Listen].
type Server struct {
	cfg     Config
	types   *Types
	ln      *pywire.Listener
	log     *slog.Logger
	decode  pickle.Config // of requests: makes Refs of own proxies
	encode  pickle.Config
	objects *table
	peers   peers
	segs    segments

	ctx    context.Context // ends with the server, and with it all requests
	cancel context.CancelCauseFunc

	mu       sync.Mutex
	sessions map[*session]struct{}
	number   uint64 // of the last session
	closing  bool
	wg       sync.WaitGroup

	stop chan struct{} // closed when the server is asked to end
	once sync.Once
}

// errStopped is the cause of the requests that end with the server.
var errStopped = errors.New("managers: the server ends")

// Listen makes a server that listens already: clients can connect, and are
// served as soon as [Server.Serve] runs. ctx is for the listening only. Errors:
// ErrNoAuthKey, and what the address or the system is at fault for.
func Listen(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.MaxMessage == 0 {
		cfg.MaxMessage = defaultMessage
	}
	if cfg.MaxPending == 0 {
		cfg.MaxPending = defaultPending
	}
	if cfg.HandshakeTimeout == 0 {
		cfg.HandshakeTimeout = defaultHandshake
	}
	if cfg.Types == nil {
		cfg.Types = SyncTypes
	}
	if cfg.AuthKey == nil {
		cfg.AuthKey = processKey()
	}
	if cfg.Address == "" {
		cfg.Address = "127.0.0.1:0"
	}
	if len(cfg.AuthKey) == 0 {
		return nil, ErrNoAuthKey
	}
	if cfg.Serializer != "" && cfg.Serializer != serializerPickle && cfg.Serializer != serializerXML {
		return nil, fmt.Errorf("managers: Config.Serializer is %q: it must be \"pickle\" or \"xmlrpclib\"", cfg.Serializer)
	}
	s := &Server{
		cfg: cfg, types: cfg.Types, log: cfg.Logger, objects: newTable(),
		sessions: map[*session]struct{}{}, stop: make(chan struct{}),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.peers.table = s.objects
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	s.decode = s.decoding()
	s.encode = pickle.Config{MaxBytes: cfg.MaxMessage}
	at, err := pywire.ParseAddress(cfg.Address)
	if err != nil {
		return nil, fmt.Errorf("managers: %w", err)
	}
	ln, err := pywire.Listen(ctx, at, pywire.ListenConfig{
		Key: cfg.AuthKey, TLS: cfg.TLS, MaxPending: cfg.MaxPending,
		HandshakeTimeout: cfg.HandshakeTimeout, Max: cfg.MaxMessage,
		OnRefused: func(peer string, err error) { s.log.Info("managers: refused", "peer", peer, "err", err) },
	})
	if err != nil {
		return nil, fmt.Errorf("managers: %w", err)
	}
	s.ln = ln
	return s, nil
}

// Address returns where the server listens, with the real port: what clients
// give to [Connect].
func (s *Server) Address() string { return s.ln.Address().String() }

// Objects returns the number of objects to which clients have references.
func (s *Server) Objects() int { return s.objects.len() }

// Serve serves clients until a client asks for the end (nil), Close is called
// (nil), or ctx ends: then new connections are refused, requests that wait end, and Serve
// returns nil when the last answer is out. All objects are gone then.
func (s *Server) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-s.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	var failed error
	for {
		conn, err := s.ln.Accept(ctx)
		if err != nil {
			if ctx.Err() == nil {
				failed = err
			}
			break
		}
		if !s.begin(conn) {
			conn.Close()
		}
	}
	s.end()
	return failed
}

// Close ends the server: what waits in it ends, and its clients find the end of
// their connections. It waits for nothing; Serve returns when all is done.
func (s *Server) Close() error {
	s.once.Do(func() { close(s.stop) })
	return s.ln.Close()
}

// begin serves a connection in a goroutine of its own.
func (s *Server) begin(conn *pywire.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || s.cfg.MaxClients > 0 && len(s.sessions) >= s.cfg.MaxClients {
		return false
	}
	s.number++
	ses := newSession(s, conn, s.number)
	s.sessions[ses] = struct{}{}
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		ses.serve()
		s.mu.Lock()
		delete(s.sessions, ses)
		s.mu.Unlock()
	}()
	return true
}

// end ends all sessions and objects. Requests that run get to answer; those that
// wait for a request are hung up on.
func (s *Server) end() {
	s.mu.Lock()
	s.closing = true
	for ses := range s.sessions {
		ses.hangUp()
	}
	s.mu.Unlock()
	s.ln.Close()
	s.cancel(errStopped)
	s.wg.Wait()
	s.objects.close()
	s.segs.close()
	s.peers.close()
}

// session finds one by its number.
func (s *Server) session(number uint64) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ses := range s.sessions {
		if ses.number == number {
			return ses
		}
	}
	return nil
}

// decoding returns how requests are decoded.
func (s *Server) decoding() pickle.Config {
	classes := new(pickle.Classes)
	classes.Build(rebuildProxy, s.rebuild)
	s.types.mu.Lock()
	defer s.types.mu.Unlock()
	for g, f := range s.types.classes {
		classes.Build(g, f)
	}
	if len(s.cfg.Allow) > 0 {
		classes.Allow(s.cfg.Allow...)
		classes.Allow("multiprocessing.managers.*", "multiprocessing.*")
		for name := range s.types.funcs {
			classes.Allow(name)
			if i := strings.LastIndexByte(name, '.'); i > 0 {
				classes.Allow("builtins.getattr", name[:i]) // of a method: getattr(class, name)
			}
		}
	}
	return pickle.Config{MaxBytes: s.cfg.MaxMessage, Classes: classes}
}
