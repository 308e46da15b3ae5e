package socket

import (
	"context"
	"fmt"
	"sync"
)

var pickles = sync.Pool{New: func() any { b := make([]byte, 0, 1<<10); return &b }}

// mostKept is the largest buffer that is kept for the next value.
const mostKept = 64 << 10

// SendValue sends v as the codec writes it.
func (s *sock) SendValue(ctx context.Context, v any) error {
	p := pickles.Get().(*[]byte)
	b, err := s.codec.Append((*p)[:0], v)
	if err != nil {
		err = fmt.Errorf("socket: a %T cannot be sent: %w", v, err)
	} else {
		err = s.SendBytes(ctx, b)
	}
	if cap(b) <= mostKept && cap(b) > cap(*p) {
		*p = b
	}
	*p = (*p)[:0]
	pickles.Put(p)
	return err
}

// RecvValue receives a value into what v points to.
func (s *sock) RecvValue(ctx context.Context, v any) error {
	if s.keeps {
		b, err := s.RecvBytes(ctx, -1, nil)
		if err != nil {
			return err
		}
		return s.unmarshal(b, v)
	}
	p := pickles.Get().(*[]byte)
	b, err := s.RecvBytes(ctx, -1, (*p)[:cap(*p)])
	if err == nil {
		err = s.unmarshal(b, v)
		if n := cap(b); n > cap(*p) && n <= mostKept {
			*p = b[:0]
		}
	}
	pickles.Put(p)
	return err
}

func (s *sock) unmarshal(b []byte, v any) error {
	if err := s.codec.Unmarshal(b, v); err != nil {
		return fmt.Errorf("socket: a message of %d bytes: %w", len(b), err)
	}
	return nil
}
