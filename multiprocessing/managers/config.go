package managers

import (
	"crypto/tls"
	"log/slog"
	"time"

	"github.com/conexgo/conex/futures"
)

// A Config says how a server listens and what it serves. The zero value listens
// at a free port of 127.0.0.1 with the authkey of this process, and serves what
// SyncManager does.
type Config struct {
	// Address is where to listen: "host:port", a path, "@name" for an abstract
	// unix socket, or "" for a free port of 127.0.0.1.
	Address string

	// AuthKey is what clients must know. Nil means the authkey of this process,
	// which is random unless it was set or inherited.
	AuthKey []byte

	// RefuseMD5 turns CPython up to 3.11 away, which proves that it knows the key
	// by HMAC-MD5 and by nothing else.
	RefuseMD5 bool

	// TLS, if not nil, is how connections are encrypted: see SECURITY.md for
	// how CPython connects then.
	TLS *tls.Config

	// Types is what clients can make; nil means SyncTypes.
	Types *Types

	// Serializer is how requests and answers are written: "pickle", which is the
	// default, or "xmlrpclib", Python's other one. That is for clients of
	// BaseManager(serializer='xmlrpclib') who call plain methods with plain
	// values: no proxy can be in a value, and exceptions arrive as RemoteError.
	Serializer string

	// Allow, if not empty, names the Python classes and functions that may occur
	// in what clients send: "mymodule.Point", "mymodule.*". Any other that the
	// server does not know is refused. By default it is carried unread, since
	// this server never runs what is in a pickle; but the clients that get it do.
	Allow []string

	// Limits. Zero means the default.
	MaxMessage       int64         // bytes in a request or answer: 256 MiB
	MaxObjects       int           // objects at a time: no limit
	MaxClients       int           // connections at a time: no limit
	MaxPending       int           // connections that are not authenticated yet: 256
	HandshakeTimeout time.Duration // for these: 10 s

	// Executor makes what runs the functions of a Pool with n workers; nil
	// means goroutines of this process. See [Function].
	Executor func(n int) (futures.Executor, error)

	// Logger gets what goes wrong with single connections; nil: nothing does.
	Logger *slog.Logger
}

const (
	defaultMessage   = 256 << 20
	defaultPending   = 256
	defaultHandshake = 10 * time.Second
)
