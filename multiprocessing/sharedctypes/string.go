package sharedctypes

import "context"

// A String is a row of bytes in memory shared by processes that is used as C uses
// strings, with a lock: Python's Array of code 'c' and its SynchronizedString
// wrapper. What holds for an [Array], of bytes, holds for it.
type String struct {
	Array[byte]
	str *RawString
}

// NewString returns a string with room for n bytes, all zero. It fails as
// [NewArray] does.
func NewString(n int, opts ...Option) (*String, error) {
	raw, err := NewRawString(n)
	if err != nil {
		return nil, err
	}
	return SynchronizedString(raw, opts...)
}

// NewStringFrom returns a string with the bytes b, and room for no more.
func NewStringFrom(b []byte, opts ...Option) (*String, error) {
	raw, err := NewRawStringFrom(b)
	if err != nil {
		return nil, err
	}
	return SynchronizedString(raw, opts...)
}

// SynchronizedString returns a String that is raw with a lock, a new one or that
// of an option. The error matches [ErrNoObject] if raw is nil.
func SynchronizedString(raw *RawString, opts ...Option) (*String, error) {
	if raw == nil || raw.lay == nil {
		return nil, ErrNoObject
	}
	s := &String{str: raw}
	s.raw = &raw.RawArray
	if err := s.init(raw.mark(), opts); err != nil {
		return nil, err
	}
	return s, nil
}

// Value returns a copy of the bytes before the first that is zero, or of all.
func (s *String) Value(ctx context.Context) (b []byte, err error) {
	if err = s.enter(ctx); err != nil {
		return nil, err
	}
	b = s.str.Value()
	s.leave(ctx, &err)
	return b, err
}

// SetValue writes b, and a zero byte after it if there is room. What lies behind
// stays. The error matches [ErrTooLong] if b has more than Len bytes; then
// nothing is written.
func (s *String) SetValue(ctx context.Context, b []byte) error {
	return s.write(ctx, b, s.str.SetValue)
}

// Raw returns a copy of all bytes.
func (s *String) Raw(ctx context.Context) ([]byte, error) { return s.Slice(ctx, 0, s.Len()) }

// SetRaw writes b over the first bytes; the others stay. The error matches
// [ErrTooLong] if b has more than Len bytes; then nothing is written.
func (s *String) SetRaw(ctx context.Context, b []byte) error {
	return s.write(ctx, b, s.str.SetRaw)
}

func (s *String) write(ctx context.Context, b []byte, do func([]byte) error) (err error) {
	if len(b) > s.Len() {
		return tooLong(len(b), s.Len())
	}
	if err = s.enter(ctx); err != nil {
		return err
	}
	err = do(b)
	s.leave(ctx, &err)
	return err
}

// Obj returns the same memory without the lock: get_obj.
func (s *String) Obj() *RawString { return s.str }

// String shows the size and the lock.
func (s *String) String() string {
	if s == nil || s.str == nil {
		return "String(none)"
	}
	return "String(" + s.str.String() + ", " + s.Lock().String() + ")"
}
