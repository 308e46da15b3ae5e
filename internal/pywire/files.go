package pywire

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/conexgo/conex/internal/watch"
)

var (
	// ErrNoFile says that what comes next is no descriptor.
	ErrNoFile = errors.New("pywire: what comes next is no descriptor")

	// ErrNoFiles says that descriptors cannot travel over this connection.
	ErrNoFiles = fmt.Errorf("pywire: descriptors travel over AF_UNIX sockets on Linux only: %w", errors.ErrUnsupported)
)

// RecvFile receives a descriptor that SendFile or CPython's
// reduction.send_handle sends. It waits at most until ctx ends. KeepFiles must
// have been called before anything was read. What comes next if it is no
// descriptor stays, and the error is ErrNoFile. It is for the reader.
func (c *Conn) RecvFile(ctx context.Context) (*os.File, error) {
	if c.files.Load() == nil {
		return nil, ErrNoFiles
	}
	if c.head || c.part != nil {
		return nil, ErrNoFile
	}
	for c.w == c.r {
		if err := c.fill(ctx); err != nil {
			return nil, c.ended(err, false)
		}
	}
	return c.recvFile()
}

// SendFile sends a duplicate of the descriptor fd, as CPython's
// reduction.send_handle does. It waits for room at most until ctx ends. It is
// for the writer.
func (c *Conn) SendFile(ctx context.Context, fd int) error {
	if c.rc == nil || c.nc.LocalAddr().Network() != "unix" {
		return ErrNoFiles
	}
	if c.werr != nil {
		return c.werr
	}
	for {
		wait := ctx.Err() == nil && c.beginWrite(ctx)
		if !wait {
			c.out.Load().unpoke()
		}
		err := c.sendFile(fd, func() bool { return wait })
		c.endWrite()
		switch {
		case err == nil:
			return nil
		case !timedOut(err):
			return fmt.Errorf("pywire: %w", err)
		case ctx.Err() != nil:
			return watch.Reason(ctx)
		}
	}
}
