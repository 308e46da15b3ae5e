//go:build !unix

package pywire

import (
	"os"
	"time"
)

type tryIO struct{}

func (c *Conn) read(p []byte) (int, error) { return c.nc.Read(p) }

// tryRead reads what has arrived: it waits for a moment.
func (c *Conn) tryRead(p []byte) (int, error) {
	c.nc.SetReadDeadline(time.Now().Add(time.Millisecond))
	defer c.nc.SetReadDeadline(time.Time{})
	return c.nc.Read(p)
}

type nowIO struct{}

// writeNow writes nothing: it cannot be told how to.
func (c *Conn) writeNow(*nowIO, []byte) (int, error) { return 0, os.ErrDeadlineExceeded }

// tryWrite writes nothing: part of a frame would be worse.
func (c *Conn) tryWrite([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }
