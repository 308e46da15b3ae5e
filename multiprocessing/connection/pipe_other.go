//go:build !linux

package connection

import (
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/futex"
)

const maxFiles = 253

type end struct{ transport }

// newPipe answers errors.ErrUnsupported.
func newPipe(int) (a, b *end, err error) { return nil, nil, futex.Supported() }

// AppendHandle answers errors.ErrUnsupported.
func (c *Connection) AppendHandle(*codec.Encoder) error { return futex.Supported() }

// ReadHandle answers errors.ErrUnsupported.
func (c *Connection) ReadHandle(*codec.Decoder) error { return futex.Supported() }
