//go:build !linux

package sharedmemory

import (
	"errors"
	"fmt"
)

var errPlatform = fmt.Errorf("sharedmemory: blocks with a name are built for Linux only so far: %w", errors.ErrUnsupported)

func createMapping(string, Config, creation) (*mapping, error) { return nil, errPlatform }
func attachMapping(string) (*mapping, error)                   { return nil, errPlatform }
func leftovers(bool) ([]string, error)                         { return nil, errPlatform }

func (m *mapping) unlink() error  { return errPlatform }
func (m *mapping) named() bool    { return false }
func (m *mapping) nameless() bool { return false }
func (m *mapping) unlock()        {}
func unmap([]byte)                {}
func removeIf(string, ident)      {}
func supported() error            { return errPlatform }
