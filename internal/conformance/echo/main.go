// Command echo is the peer that the conformance suite of connections talks to.
// It answers each message with two: the value that it holds, pickled again, or a
// tuple ('#ERROR', text) if it holds none or names a class that is not allowed;
// and the bytes as they came.
//
// Its environment says what to do: CONEX_ROLE is listener, which serves until
// SIGTERM or the end of standard input, or client, which serves one connection
// and ends with status 3 if that is refused; CONEX_ADDRESS is where;
// CONEX_AUTHKEY is the key, and unset for none.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/conexgo/conex/multiprocessing/connection"
	"github.com/conexgo/conex/multiprocessing/connection/socket"
	"github.com/conexgo/conex/pickle"
)

// allowed are the classes that are carried, beside those that package pickle
// knows.
var allowed = []string{
	"builtins.object", "builtins.list", "builtins.set", "builtins.frozenset",
	"collections.OrderedDict", "collections.deque", "collections.Counter",
	"decimal.Decimal",
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	classes := new(pickle.Classes)
	classes.Allow(allowed...)
	p := peer{pickle: pickle.Config{Classes: classes}}
	cfg := socket.Config{NoAuth: true, OnRefused: func(remote string, err error) {
		fmt.Fprintln(os.Stderr, "refused:", err)
	}}
	if key, ok := os.LookupEnv("CONEX_AUTHKEY"); ok {
		cfg.NoAuth, cfg.AuthKey = false, []byte(key)
	}
	address := os.Getenv("CONEX_ADDRESS")
	if os.Getenv("CONEX_ROLE") == "client" {
		c, err := socket.Dial(ctx, address, cfg)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		p.serve(ctx, c)
		return
	}
	l, err := socket.Listen(ctx, address, cfg)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("address:", l.Address())
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	var all sync.WaitGroup
	for {
		c, err := l.Accept(ctx)
		if err != nil {
			break
		}
		all.Go(func() { p.serve(ctx, c) })
	}
	l.Close()
	all.Wait()
}

// A peer answers.
type peer struct {
	pickle pickle.Config
}

// serve answers until the other side hangs up, or makes no sense.
func (p *peer) serve(ctx context.Context, c *connection.Connection) {
	defer c.Close()
	for {
		b, err := c.RecvBytes(ctx)
		if err == nil {
			if err = c.SendBytes(ctx, p.answer(b)); err == nil {
				err = c.SendBytes(ctx, b)
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				fmt.Fprintln(os.Stderr, "connection ended:", err)
			}
			return
		}
	}
}

// answer is the value of a message, pickled again.
func (p *peer) answer(b []byte) []byte {
	var v any
	err := p.pickle.Unmarshal(b, &v)
	if err == nil {
		if b, err = p.pickle.Marshal(v); err == nil {
			return b
		}
	}
	b, err = p.pickle.Marshal(pickle.Tuple{"#ERROR", err.Error()})
	if err != nil {
		panic(err)
	}
	return b
}
