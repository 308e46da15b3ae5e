package connection

import (
	"context"
	"fmt"
	"sync"
)

var pickles = sync.Pool{New: func() any { b := make([]byte, 0, 1<<10); return &b }}

// sendValue sends v as the codec writes it.
func (s *sock) sendValue(ctx context.Context, c *Connection, v any) error {
	p := pickles.Get().(*[]byte)
	b, err := s.codec.Append((*p)[:0], v)
	if err != nil {
		err = fmt.Errorf("connection: a %T cannot be sent: %w", v, err)
	} else {
		err = c.send(ctx, message{kind: kindValue, data: b})
	}
	if cap(b) <= mostKept && cap(b) > cap(*p) {
		*p = b
	}
	*p = (*p)[:0]
	pickles.Put(p)
	return err
}

// recvValue receives a value into what v points to.
func (s *sock) recvValue(ctx context.Context, c *Connection, v any) error {
	if s.keeps {
		m, err := c.recv(ctx, want{kind: kindValue})
		if err != nil {
			return err
		}
		return s.unmarshal(m.data, v)
	}
	p := pickles.Get().(*[]byte)
	m, err := c.recv(ctx, want{kind: kindValue, into: (*p)[:cap(*p)]})
	if err == nil {
		err = s.unmarshal(m.data, v)
		if n := cap(m.data); n > cap(*p) && n <= mostKept {
			*p = m.data[:0]
		}
	}
	pickles.Put(p)
	return err
}

func (s *sock) unmarshal(b []byte, v any) error {
	if err := s.codec.Unmarshal(b, v); err != nil {
		return fmt.Errorf("connection: a message of %d bytes: %w", len(b), err)
	}
	return nil
}
