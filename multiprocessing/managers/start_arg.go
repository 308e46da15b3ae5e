package managers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/wire"
	"github.com/conexgo/conex/multiprocessing/connection"
)

// A serverArg is what a server's process is told: a Config as far as it can be
// sent, and where to report.
type serverArg struct {
	Types   string
	TypeIDs []string
	Address string
	AuthKey []byte
	Allow   []string

	RefuseMD5 bool

	MaxMessage       int64
	MaxObjects       int
	MaxClients       int
	MaxPending       int
	HandshakeTimeout time.Duration

	Init  *initializer
	Ready *connection.Connection // gets the address
}

// newServerArg takes what can be sent of a Config.
func newServerArg(cfg Config, init conex.Bound) (*serverArg, error) {
	if cfg.Types == nil {
		cfg.Types = SyncTypes
	}
	if cfg.AuthKey == nil {
		cfg.AuthKey = processKey()
	}
	switch {
	case cfg.Types.name == "":
		return nil, ErrTypesName
	case len(cfg.AuthKey) == 0:
		return nil, ErrNoAuthKey
	case cfg.TLS != nil:
		return nil, cannotSend("TLS", "")
	case cfg.Executor != nil:
		return nil, cannotSend("Executor", "")
	case cfg.Logger != nil:
		return nil, cannotSend("Logger", ", and use multiprocessing.LogToStderr")
	case cfg.Serializer != "" && cfg.Serializer != serializerPickle:
		return nil, fmt.Errorf("managers: Start: Config.Serializer is %q: a Manager speaks pickle only; Listen here", cfg.Serializer)
	}
	return &serverArg{
		Types: cfg.Types.name, TypeIDs: cfg.Types.TypeIDs(),
		Address: cfg.Address, AuthKey: cfg.AuthKey, Allow: cfg.Allow, RefuseMD5: cfg.RefuseMD5,
		MaxMessage: cfg.MaxMessage, MaxObjects: cfg.MaxObjects, MaxClients: cfg.MaxClients,
		MaxPending: cfg.MaxPending, HandshakeTimeout: cfg.HandshakeTimeout,
		Init: &initializer{bound: init},
	}, nil
}

func cannotSend(field, also string) error {
	return fmt.Errorf("managers: Start: Config.%s cannot be sent to a process: leave it out%s, or Listen here", field, also)
}

// config is the other way round.
func (a *serverArg) config() (Config, error) {
	byName.mu.Lock()
	types := byName.m[a.Types]
	byName.mu.Unlock()
	if types == nil {
		return Config{}, fmt.Errorf("managers: the server's process has no Types %q: call NewTypes while the program initialises, under no condition", a.Types)
	}
	for _, id := range a.TypeIDs {
		if types.get(id) == nil {
			return Config{}, fmt.Errorf("managers: the server's process has no typeid %q in Types %q: register it while the program initialises", id, a.Types)
		}
	}
	address := a.Address
	if address == "" {
		address = privateAddress
	}
	return Config{
		Types: types, Address: address, AuthKey: a.AuthKey, Allow: a.Allow, RefuseMD5: a.RefuseMD5,
		MaxMessage: a.MaxMessage, MaxObjects: a.MaxObjects, MaxClients: a.MaxClients,
		MaxPending: a.MaxPending, HandshakeTimeout: a.HandshakeTimeout,
	}, nil
}

// privateAddress is a socket in a new directory that only this user can enter.
const privateAddress = "AF_UNIX"

// An initializer is a registered function and its argument, on its way.
type initializer struct {
	bound conex.Bound // here
	call  func(context.Context) error
}

func (i *initializer) run(ctx context.Context) error {
	if i == nil || i.call == nil {
		return nil
	}
	return i.call(ctx)
}

// AppendHandle makes an initializer travel. It is for the codec.
func (i *initializer) AppendHandle(e *codec.Encoder) error {
	if i.bound.IsZero() {
		e.Uvarint(0)
		return nil
	}
	entry := wire.Lookup(i.bound.Name())
	if entry == nil {
		return fmt.Errorf("the initializer %q is not registered", i.bound.Name())
	}
	e.Uvarint(uint64(entry.ID) + 1)
	if _, err := i.bound.Encode(e); err != nil {
		return fmt.Errorf("the initializer %s: %w", i.bound.Name(), err)
	}
	return nil
}

// ReadHandle is the other half of AppendHandle.
func (i *initializer) ReadHandle(d *codec.Decoder) error {
	id, err := d.Uvarint()
	if err != nil || id == 0 {
		return err
	}
	table := wire.Entries()
	if id > uint64(len(table)) {
		return errors.New("managers: the initializer is not registered in the server's process: call conex.Register while the program initialises")
	}
	i.call, err = table[id-1].Read(d)
	return err
}
