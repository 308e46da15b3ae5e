//go:build !linux

package pywire

import (
	"errors"
	"os"
)

type files struct{}

func (*files) drop(uint64) {}

func (*files) close() {}

// KeepFiles reports false: descriptors travel on Linux only.
func (c *Conn) KeepFiles(int) bool { return false }

func (c *Conn) readFiles(*files, []byte, bool) (int, error) { return 0, errors.ErrUnsupported }
func (c *Conn) recvFile() (*os.File, error)                 { return nil, errors.ErrUnsupported }
func (c *Conn) sendFile(int, func() bool) error             { return errors.ErrUnsupported }
