package sharedctypes

import (
	"bytes"
	"fmt"
	"runtime"
)

// A RawString is a row of bytes in memory shared by processes that is used as
// C uses strings: up to the first zero byte. Python's RawArray of code 'c'. It
// has no lock; what holds for a [RawArray], of bytes, holds for it.
type RawString struct{ RawArray[byte] }

// NewRawString returns a string with room for n bytes, all zero. It fails as
// [NewRawArray] does.
func NewRawString(n int) (*RawString, error) { return asString(NewRawArray[byte](n)) }

// NewRawStringFrom returns a string with the bytes b, and room for no more.
func NewRawStringFrom(b []byte) (*RawString, error) { return asString(NewRawArrayFrom(b)) }

// asString makes a string of an array that nobody else has.
func asString(a *RawArray[byte], err error) (*RawString, error) {
	if err != nil {
		return nil, err
	}
	return &RawString{RawArray[byte]{block: a.block, at: a.at, n: a.n, lay: a.lay}}, nil
}

// Value returns a copy of the bytes before the first that is zero, or of all.
func (s *RawString) Value() []byte {
	b := s.Raw()
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i:i]
	}
	return b
}

// SetValue writes b, and a zero byte after it if there is room. What lies behind
// stays. The error matches [ErrTooLong] if b has more than Len bytes; then
// nothing is written.
func (s *RawString) SetValue(b []byte) error {
	if err := s.SetRaw(b); err != nil {
		return err
	}
	if len(b) < s.n {
		s.mem()[len(b)] = 0
	}
	runtime.KeepAlive(s)
	return nil
}

// Raw returns a copy of all bytes.
func (s *RawString) Raw() []byte {
	b, _ := s.Slice(0, s.n)
	return b
}

// SetRaw writes b over the first bytes; the others stay. The error matches
// [ErrTooLong] if b has more than Len bytes; then nothing is written.
func (s *RawString) SetRaw(b []byte) error {
	if len(b) > s.n {
		return tooLong(len(b), s.n)
	}
	return s.SetSlice(0, b)
}

// String shows what Value returns.
func (s *RawString) String() string {
	if s == nil || s.lay == nil {
		return "RawString(none)"
	}
	return fmt.Sprintf("RawString(%q)", s.Value())
}

// CopyString returns a new RawString that holds what s holds.
func CopyString(s *RawString) (*RawString, error) {
	if s == nil {
		return nil, ErrNoObject
	}
	return asString(CopyArray(&s.RawArray))
}
