//go:build !linux

package mpring

import (
	"errors"
	"os"

	"github.com/conexgo/conex/internal/codec"
)

// A Mail carries descriptors: not on this system yet.
type Mail struct{}

// NewMail answers errors.ErrUnsupported.
func NewMail() (*Mail, error) { return nil, errors.ErrUnsupported }

// Append answers errors.ErrUnsupported.
func (m *Mail) Append(*codec.Encoder) error { return errors.ErrUnsupported }

// ReadMail answers errors.ErrUnsupported.
func ReadMail(*codec.Decoder) (*Mail, error) { return nil, errors.ErrUnsupported }

// Close does nothing.
func (m *Mail) Close() {}

// Send answers errors.ErrUnsupported.
func (m *Mail) Send(uint64, []*os.File) error { return errors.ErrUnsupported }

// Look answers errors.ErrUnsupported.
func (m *Mail) Look(uint64, int) ([]*os.File, error) { return nil, errors.ErrUnsupported }

// Drop does nothing.
func (m *Mail) Drop() {}

// Clear does nothing.
func (m *Mail) Clear() {}
