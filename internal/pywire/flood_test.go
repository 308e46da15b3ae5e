package pywire

import (
	"crypto/rand"
	"net"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/conexgo/conex/internal/leak"
)

// strangers is how many connections come that do not know the key:
// CONEX_STRESS, or a few; but no more than descriptors allow.
func strangers() int {
	n, _ := strconv.Atoi(os.Getenv("CONEX_STRESS"))
	if n < 300 {
		n = 300
	}
	return min(n, descriptors()/3)
}

// While very many connections say nothing, send garbage, or hang up in the
// middle of the handshake, good ones get in and are served.
func TestFlood(t *testing.T) {
	leak.Check(t)
	ctx := within(t)
	var mu sync.Mutex
	refused := 0
	l := listen(t, "AF_INET", ListenConfig{MaxPending: 200, OnRefused: func(string, error) {
		mu.Lock()
		refused++
		mu.Unlock()
	}})
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept(ctx)
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				for {
					f, err := c.ReadFrame(ctx)
					if err != nil || c.WriteFrame(ctx, f) != nil {
						return
					}
				}
			})
		}
	})
	n := strangers()
	var bad, good sync.WaitGroup
	quit := make(chan struct{})
	for i := range 10 {
		bad.Go(func() {
			var silent []net.Conn
			for j := range n / 10 {
				nc, err := net.Dial("tcp", l.Address().String())
				if err != nil {
					t.Error(err)
					break
				}
				switch (i + j) % 3 {
				case 0:
					silent = append(silent, nc)
					continue
				case 1:
					junk := make([]byte, 100)
					rand.Read(junk)
					nc.Write(junk)
				case 2:
					nc.Read(make([]byte, 63))
					nc.Write([]byte("\x00\x00\x00\x10half"))
				}
				nc.Close()
			}
			<-quit
			for _, nc := range silent {
				nc.Close()
			}
		})
	}
	for range 10 {
		good.Go(func() {
			for range max(1, n/1000) {
				c, err := Dial(ctx, l.Address(), DialConfig{Key: testKey})
				if err != nil {
					t.Errorf("a good one was refused: %v", err)
					return
				}
				for range 20 {
					if err := c.WriteFrame(ctx, []byte("hello")); err != nil {
						t.Error(err)
					}
					if f, err := c.ReadFrame(ctx); string(f) != "hello" || err != nil {
						t.Errorf("%q, %v", f, err)
					}
				}
				c.Close()
			}
		})
	}
	good.Wait()
	close(quit)
	bad.Wait()
	if l.Pending() > 200 {
		t.Errorf("%d are pending", l.Pending())
	}
	l.Close()
	serving.Wait()
	mu.Lock()
	defer mu.Unlock()
	t.Logf("%d strangers, %d refused", n, refused)
}
