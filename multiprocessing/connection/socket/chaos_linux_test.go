package socket_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/connection/socket"
)

// chaosDialer connects and sends messages until it is killed.
var chaosDialer = conex.Register("test/socket/chaosDialer", func(ctx context.Context, address string) (int, error) {
	c, err := socket.Dial(ctx, address, secret)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	for i := uint64(1); ; i++ {
		if err := c.SendBytes(ctx, numbered(i)); err != nil {
			return 0, err
		}
	}
})

// Clients are stopped and killed at any moment: each message that comes is whole
// and in order, then comes the end, and the Listener serves the others.
func TestChaosClients(t *testing.T) {
	leak.Check(t)
	n := 10
	if kills, err := strconv.Atoi(os.Getenv("CONEX_CHAOS")); err == nil && kills > 0 {
		n = (kills + 1) / 2
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(30+n)*time.Second)
	defer cancel()
	for _, address := range []string{"AF_INET", "AF_UNIX"} {
		l, err := socket.Listen(ctx, address, secret)
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
						if id, ok := numberOf(b); id != next || !ok {
							t.Errorf("message %d for %d, whole: %v", id, next, ok)
						}
					}
				})
			}
		})
		var killing sync.WaitGroup
		for range (n + 3) / 4 {
			p, err := multiprocessing.Go(ctx, chaosDialer.Bind(l.Address()))
			if err != nil {
				t.Fatal(err)
			}
			pid, _ := p.PID()
			killing.Go(func() {
				time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
				for range rand.IntN(3) {
					syscall.Kill(pid, syscall.SIGSTOP)
					time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond)
					syscall.Kill(pid, syscall.SIGCONT)
				}
				syscall.Kill(pid, syscall.SIGKILL)
				err := p.Join(ctx)
				if code, _ := p.ExitCode(); code != -int(syscall.SIGKILL) || err != nil {
					t.Errorf("a client ended by itself, with %d, %v", code, err)
				}
				p.Close()
			})
		}
		killing.Wait()
		// It is as good as ever.
		c, err := socket.Dial(ctx, l.Address(), secret)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			c.SendBytes(ctx, numbered(uint64(i+1)))
		}
		c.Close()
		l.Close()
		serving.Wait()
		t.Logf("%s: %d messages, %d ends in the middle of one", address, got, torn)
	}
}
