//go:build !unix

package wait

import (
	"errors"
	"fmt"
	"os"
)

// Bell is the type of the frame that only wakes.
const Bell = 0

// A Conn is one end of the socket between two processes. This system has
// none yet.
type Conn struct{}

// A Frame is what Recv returns.
type Frame struct {
	Type    byte
	Payload []byte
}

var errPlatform = fmt.Errorf("conex: worker processes need unix sockets with descriptors, which this system lacks: %w", errors.ErrUnsupported)

// Pair answers errors.ErrUnsupported.
func Pair() (*Conn, *os.File, error) { return nil, nil, errPlatform }

// Open answers errors.ErrUnsupported.
func Open(*os.File) (*Conn, error) { return nil, errPlatform }

// OpenBlocking answers errors.ErrUnsupported.
func OpenBlocking(*os.File) (*Conn, error) { return nil, errPlatform }

// Close does nothing.
func (*Conn) Close() error { return nil }

// Ring answers errors.ErrUnsupported.
func (*Conn) Ring() error { return errPlatform }

// Send answers errors.ErrUnsupported.
func (*Conn) Send(byte, []byte, *os.File) error { return errPlatform }

// Recv answers errors.ErrUnsupported.
func (*Conn) Recv(bool) (Frame, bool, error) { return Frame{}, false, errPlatform }

// File returns nil.
func (*Conn) File() *os.File { return nil }
