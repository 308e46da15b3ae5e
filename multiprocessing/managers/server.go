package managers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/internal/watch"
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
	alias   pickle.Config // the same without copying
	encode  pickle.Config
	objects *table
	peers   peers
	segs    segments
	pools   poolSet
	shared  sharedObjects
	lot     *pywire.Lot // of the sessions without a request

	ctx    context.Context // ends with the server, and with it all requests
	cancel context.CancelCauseFunc
	last   context.Context // ends a moment later, and with it all answers
	cut    context.CancelFunc
	stop   context.Context // ends when the server is asked to end
	ask    context.CancelFunc

	mu       sync.Mutex
	sessions map[uint64]*session // by their numbers; protected by mu
	number   uint64              // of the last session; protected by mu
	closing  bool                // there are to be no others; protected by mu
	empty    chan struct{}       // closed when the last one is gone; nil if nobody waits; protected by mu
	wg       sync.WaitGroup
}

// errStopped is the cause of the requests that end with the server.
var errStopped = errors.New("managers: the server ends")

// Listen makes a server that listens already: clients can connect, and are
// served as soon as [Server.Serve] runs. ctx is for the listening only. Errors:
// ErrNoAuthKey, and what the address or the system is at fault for.
func Listen(ctx context.Context, cfg Config) (*Server, error) {
	s, err := newServer(cfg)
	if err != nil {
		return nil, err
	}
	if err := s.listen(ctx); err != nil {
		s.objects.close()
		return nil, fmt.Errorf("managers: %w", err)
	}
	return s, nil
}

func (s *Server) listen(ctx context.Context) error {
	at, err := pywire.ParseAddress(s.cfg.Address)
	if err != nil {
		return err
	}
	s.ln, err = pywire.Listen(ctx, at, pywire.ListenConfig{
		Key: s.cfg.AuthKey, Policy: pywire.Policy{RefuseMD5: s.cfg.RefuseMD5}, TLS: s.cfg.TLS, MaxPending: s.cfg.MaxPending,
		HandshakeTimeout: s.cfg.HandshakeTimeout, Max: s.cfg.MaxMessage,
		OnRefused: func(peer string, err error) { s.log.Info("managers: refused", "peer", peer, "err", err) },
	})
	return err
}

// newServer returns a server that does not listen.
func newServer(cfg Config) (*Server, error) {
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
		sessions: map[uint64]*session{},
		lot:      pywire.NewLot(repose),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.peers.table = s.objects
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	s.last, s.cut = context.WithCancel(context.Background())
	s.stop, s.ask = context.WithCancel(context.Background())
	s.decode = s.decoding()
	s.alias = s.decode
	s.alias.NoCopy = true
	s.encode = pickle.Config{MaxBytes: cfg.MaxMessage}
	if err := s.makeShared(); err != nil {
		return nil, err
	}
	return s, nil
}

// Address returns where the server listens, with the real port: what clients
// give to [Connect].
func (s *Server) Address() string { return s.ln.Address().String() }

// Objects returns the number of objects to which clients have references.
func (s *Server) Objects() int { return s.objects.len() }

// Serve serves clients until a client asks for the end, [Server.Close] is
// called, or ctx ends. Then nobody is let in any more. A request that runs gets
// to answer; one that waits for something ends, and its client finds the end of
// the connection, as do the clients that ask for nothing. When the last session
// is over all objects are gone, and Serve returns nil. It waits for methods,
// and functions of pools, that do not heed their context, and at most two seconds
// for clients that do not read their answers.
//
// The error is what was wrong with the listening, if that ended it.
func (s *Server) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.stop, cancel)()
	var failed error
	for {
		conn, err := s.ln.Accept(ctx)
		if err != nil {
			if ctx.Err() == nil && s.stop.Err() == nil && !s.draining() {
				failed = fmt.Errorf("managers: %w", err)
			}
			break
		}
		if !s.begin(conn) {
			s.log.Info("managers: refused", "peer", conn.NetConn().RemoteAddr(), "err", ErrTooMany)
			conn.Close()
		}
	}
	if failed == nil {
		<-ctx.Done() // not at once if it is drained
	}
	s.end()
	return failed
}

// Close ends the server: see [Server.Serve], which returns when all is done.
// Close waits for nothing but the end of the listening. Closing again does
// nothing.
func (s *Server) Close() error {
	s.ask()
	return s.ln.Close()
}

// Drain ends the server gently: nobody is let in any more, clients that ask for
// nothing find the end of their connections, and requests that run or wait go on
// until the last one is answered or ctx ends. Then it calls [Server.Close]. The
// error is that of ctx if some requests were left.
func (s *Server) Drain(ctx context.Context) error {
	defer s.Close()
	empty := s.hangUp()
	s.ln.Close()
	select {
	case <-empty:
		return nil
	default:
	}
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return watch.Reason(ctx)
	}
}

func (s *Server) draining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
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
	s.sessions[ses.number] = ses
	s.wg.Add(1)
	go ses.serve()
	return true
}

func (s *Server) forget(ses *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, ses.number)
	if len(s.sessions) == 0 && s.empty != nil {
		close(s.empty)
		s.empty = nil
	}
}

// hangUp ends the sessions without a request, and lets no others begin. What it
// returns is closed when there are none left.
func (s *Server) hangUp() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = true
	for _, ses := range s.sessions {
		ses.hangUp()
	}
	if s.empty == nil {
		s.empty = make(chan struct{})
	}
	empty := s.empty
	if len(s.sessions) == 0 {
		close(s.empty)
		s.empty = nil
	}
	return empty
}

// end ends all sessions and objects.
func (s *Server) end() {
	s.hangUp()
	s.ln.Close()
	s.cancel(errStopped)
	cut := time.AfterFunc(lastAnswers, s.cut)
	s.wg.Wait()
	cut.Stop()
	s.cut()
	s.lot.Close()
	s.objects.close()
	s.pools.close()
	s.segs.close()
	s.peers.close()
}

// lastAnswers is how long clients may take to read their last answers.
const lastAnswers = 2 * time.Second

// session finds one by its number.
func (s *Server) session(number uint64) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[number]
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
		classes.Allow(managersNames...)
		if len(s.types.funcs) > 0 {
			classes.Build(getattr, s.types.method)
		}
		for name := range s.types.funcs {
			// A method arrives as getattr(class, name).
			if class, _, ok := cutLast(name, "."); ok {
				classes.Allow(name)
				if strings.Contains(class, ".") {
					classes.Allow(class)
				}
			}
		}
	}
	return pickle.Config{
		MaxBytes: s.cfg.MaxMessage,
		MaxItems: int(max(s.cfg.MaxMessage/bytesPerItem, fewItems)),
		Classes:  classes,
	}
}

// A byte of a hostile pickle can stand for a value of a hundred bytes. So there
// is a limit for the number of values, too, which follows that of the bytes.
const (
	bytesPerItem = 16
	fewItems     = 1 << 20
)

// cutLast is strings.Cut at the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
