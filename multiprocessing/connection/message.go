package connection

import (
	"context"
	"fmt"

	"github.com/conexgo/conex/internal/shm"
)

// MaxMessage is the length of the largest message in bytes: 2 GiB less one.
const MaxMessage = 0x7fffffff

// A kind is what the bytes of a message are.
type kind uint8

const (
	kindBytes kind = 1 + iota // bytes, as they are
	kindValue                 // a value of the type that the hash says
	kindAny                   // a value that says of what type it is
	lastKind  = kindAny
)

// A message is what one call sends and another one receives.
type message struct {
	kind  kind
	hash  uint32
	data  []byte
	files []*shm.Shared // what travels beside the bytes, each with a reference
}

// release gives back what travelled beside the bytes.
func (m *message) release() {
	for _, f := range m.files {
		f.Release()
	}
	m.files = nil
}

// A want is what a receiver is ready to take.
type want struct {
	kind    kind
	hash    uint32 // for kindValue
	typ     *typ   // for messages
	any     bool   // a kindAny will do, too
	limited bool   // to most bytes
	most    int

	// Where to put the bytes if they fit: else, and without into, they get
	// memory of their own.
	into []byte
}

// check returns why a message is not what was wanted.
func (w *want) check(k kind, hash uint32, length int) error {
	if k != w.kind && !(w.any && k == kindAny) || k == kindValue && hash != w.hash {
		asked := "bytes"
		switch w.kind {
		case kindValue:
			asked = w.typ.name
		case kindAny:
			asked = "a value of any type"
		}
		return &MismatchError{Sent: sentAs(k, hash), Asked: asked}
	}
	if w.limited && length > w.most {
		return fmt.Errorf("%w: %d bytes, at most %d are wanted", ErrTooLarge, length, w.most)
	}
	return nil
}

func sentAs(k kind, hash uint32) string {
	switch k {
	case kindBytes:
		return "bytes, by SendBytes"
	case kindAny:
		return "a value of any type, by Connection.Send"
	}
	if name, ok := typeNames.Load(hash); ok {
		return name.(string)
	}
	return fmt.Sprintf("a type that this process has neither sent nor received yet (%08x)", hash)
}

// A transport carries the messages of a Connection. There are two: a pipe in
// shared memory, and a socket. Its methods are safe for concurrent use.
type transport interface {
	readable() bool
	writable() bool

	// send sends a whole message, or nothing and returns an error. It takes
	// over no reference.
	send(ctx context.Context, m message) error
	// recv takes the next message if it is what w says; else the message stays.
	recv(ctx context.Context, w want) (message, error)

	// ready reports whether recv would not have to wait; quick is ready
	// without a look at whether the other side has died.
	ready() bool
	quick() bool
	// wait waits until ready.
	wait(ctx context.Context) error
	// await calls wake whenever ready may have become true, until stop.
	await(wake func()) (stop func())

	close() error
	closed() bool
}
