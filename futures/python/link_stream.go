//go:build unix

package python

import (
	"context"
	"sync/atomic"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/crew"
)

// An openStream is a stream in flight. Its number is known when its unit is sent.
type openStream struct {
	out    *outbox
	number uint64
	sent   atomic.Bool
}

// openStream tells a stream that it is sent, and returns its window.
func (l *link) openStream(t futures.Task) (window uint32) {
	st, ok := t.(streamTask)
	if !ok {
		return 1 << 31 // somebody else's task that only wants the end
	}
	s := &openStream{out: l.out, number: uint64(l.unit.items)}
	l.opened = append(l.opened, s)
	return st.open(s.credit)
}

// credit lets the worker send that many more items. Of a stream that has ended the
// worker knows no number.
func (s *openStream) credit(items uint32) {
	if s.sent.Load() {
		b := le.AppendUint64(nil, s.number)
		s.out.put(letter{kind: frameCredit, payload: le.AppendUint32(b, items)})
	}
}

// whyEnded is what the worker is told about the end of an entry's context.
func whyEnded(en *crew.Entry) byte {
	if st, ok := en.T.(streamTask); ok && st.closed() {
		return whyClosed
	}
	if en.Group.Ctx.Err() == context.DeadlineExceeded {
		return whyDeadline
	}
	return whyCancelled
}
