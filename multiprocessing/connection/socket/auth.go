package socket

import (
	"context"
	"errors"
	"fmt"

	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/multiprocessing/connection"
)

// DeliverChallenge asks the other side to prove that it has the key, by the
// digest: "" for sha256, or one that [Config] lists. It is what Listen and Dial
// do, for connections that were made otherwise; the other side calls
// AnswerChallenge meanwhile, or Python's answer_challenge. If both shall prove
// themselves, each calls both, in opposite orders.
//
// The error matches ErrAuthentication if the other side has not proved it: then
// close the connection. Other errors are those of SendBytes and RecvBytes, which
// may be in use by nobody else meanwhile.
func DeliverChallenge(ctx context.Context, c *connection.Connection, key []byte, digest string) error {
	if key == nil {
		return ErrNoKey
	}
	return pywire.Deliver(ctx, framer{c}, key, pywire.Policy{Digest: digest})
}

// AnswerChallenge proves to the other side that this one has the key, in the
// way that it asks for. The error matches ErrAuthentication if it was not asked
// properly, or refuses the answer: then close the connection.
func AnswerChallenge(ctx context.Context, c *connection.Connection, key []byte) error {
	if key == nil {
		return ErrNoKey
	}
	return pywire.Answer(ctx, framer{c}, key, pywire.Policy{})
}

// A framer lets the handshake go through any Connection.
type framer struct{ c *connection.Connection }

func (f framer) WriteFrame(ctx context.Context, b []byte) error { return f.c.SendBytes(ctx, b) }

func (f framer) ReadFrameMax(ctx context.Context, n int64) ([]byte, error) {
	b, err := f.c.RecvBytesMax(ctx, int(n))
	if errors.Is(err, connection.ErrTooLarge) && !errors.Is(err, pywire.ErrTooLong) {
		err = fmt.Errorf("%w (%w)", pywire.ErrTooLong, err)
	}
	return b, err
}
