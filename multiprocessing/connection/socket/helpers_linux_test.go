package socket_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/multiprocessing/connection"
)

// echo sends back what it gets until the end of the file.
var echo = conex.Register("test/socket/echo", func(ctx context.Context, c *connection.Connection) (int, error) {
	defer c.Close()
	for i := 0; ; i++ {
		b, err := c.RecvBytes(ctx)
		if errors.Is(err, io.EOF) {
			return i, nil
		}
		if err == nil {
			err = c.SendBytes(ctx, b)
		}
		if err != nil {
			return i, err
		}
	}
})

// newPool returns a pool with one worker, which is closed with the test.
func newPool(t testing.TB) *process.Pool {
	t.Helper()
	p, err := process.NewPool(process.Config{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := p.ShutdownNow(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	})
	return p
}

// numbered makes the message with a number, which numberOf recognises: small
// ones mostly, and some that a socket takes in many pieces.
func numbered(id uint64) []byte {
	r := rand.New(rand.NewPCG(id, 1))
	n := 8 + r.IntN(300)
	if r.IntN(10) == 0 {
		n = 8 + r.IntN(500_000)
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(id) ^ byte(i*7>>3)
	}
	binary.LittleEndian.PutUint64(b, id)
	return b
}

// numberOf returns a message's number, and whether the message is whole.
func numberOf(b []byte) (uint64, bool) {
	if len(b) < 8 {
		return 0, false
	}
	id := binary.LittleEndian.Uint64(b)
	return id, bytes.Equal(b, numbered(id))
}
