package connection_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing/connection"
)

// chaosDialer connects and sends messages until it is killed.
var chaosDialer = conex.Register("test/connection/chaosDialer", func(ctx context.Context, address string) (int, error) {
	c, err := connection.Dial(ctx, address, secret)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	for i := uint64(1); ; i++ {
		if err := c.SendBytes(ctx, message(i)); err != nil {
			return 0, err
		}
	}
})

// Clients are stopped and killed at any moment: each message that comes is whole
// and in order, then comes the end, and the Listener serves the others.
func TestChaosClients(t *testing.T) {
	leak.Check(t)
	n := (kills() + 1) / 2
	ctx := within(t, time.Duration(30+n)*time.Second)
	for _, address := range []string{"AF_INET", "AF_UNIX"} {
		l, err := connection.Listen(ctx, address, secret)
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		got, torn := 0, 0
		var serving sync.WaitGroup
		serving.Go(func() {
			for {
				c, err := l.Accept(ctx)
				if err != nil {
					return
				}
				serving.Go(func() {
					defer c.Close()
					for next := uint64(1); ; next++ {
						b, err := c.RecvBytes(ctx)
						if err != nil {
							mu.Lock()
							got += int(next)
							if errors.Is(err, io.ErrUnexpectedEOF) {
								torn++
							} else if err != io.EOF {
								t.Error(err)
							}
							mu.Unlock()
							return
						}
						if id, err := whole(b); id != next || err != nil {
							t.Errorf("message %d for %d, %v", id, next, err)
						}
					}
				})
			}
		})
		var killing sync.WaitGroup
		for range (n + 3) / 4 {
			p := start(t, ctx, chaosDialer.Bind(l.Address()))
			pid, _ := p.PID()
			killing.Go(func() {
				time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
				torment(pid)
				if code := end(t, ctx, p); code != -int(syscall.SIGKILL) {
					t.Errorf("a client ended by itself, with %d", code)
				}
			})
		}
		killing.Wait()
		// It is as good as ever.
		c, err := connection.Dial(ctx, l.Address(), secret)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			c.SendBytes(ctx, message(uint64(i+1)))
		}
		c.Close()
		l.Close()
		serving.Wait()
		t.Logf("%s: %d messages, %d ends in the middle of one", address, got, torn)
	}
}
