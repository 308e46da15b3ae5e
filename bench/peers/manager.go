package main

import (
	"net"
	"net/rpc"
	"os"
	"path/filepath"
	"sync"

	"github.com/conexgo/conex/bench/internal/meter"
)

// Store is what a Go programmer would serve with net/rpc in the place of a manager: a dict and a queue.
type Store struct {
	mu sync.Mutex
	d  map[int]int
	q  chan int
}

// KV is a key with its value.
type KV struct{ K, V int }

// Set stores a value.
func (s *Store) Set(kv KV, _ *struct{}) error {
	s.mu.Lock()
	s.d[kv.K] = kv.V
	s.mu.Unlock()
	return nil
}

// Get answers one.
func (s *Store) Get(k int, v *int) error {
	s.mu.Lock()
	*v = s.d[k]
	s.mu.Unlock()
	return nil
}

// Put puts into the queue.
func (s *Store) Put(i int, _ *struct{}) error { s.q <- i; return nil }

// Take gets out of it.
func (s *Store) Take(_ struct{}, i *int) error { *i = <-s.q; return nil }

// serveStore serves each client on a connection of its own, until the file of its address is gone.
func serveStore() error {
	s := rpc.NewServer()
	if err := s.Register(&Store{d: map[int]int{}, q: make(chan int, 1000)}); err != nil {
		return err
	}
	l, err := net.Listen("unix", os.Getenv(storeEnv))
	if err != nil {
		return err
	}
	go func() {
		os.Stdin.Read(make([]byte, 1)) // until the measuring process ends
		os.Exit(0)
	}()
	if _, err := os.Stdout.WriteString("ready\n"); err != nil {
		return err
	}
	s.Accept(l)
	return nil
}

const storeEnv = "CONEX_BENCH_STORE"

// storeCalls takes four calls a round, set, get, put, take, in as many goroutines as there are clients, each with a
// connection of its own.
func storeCalls(clients int) meter.Party {
	return func(s meter.Spec) (f meter.Figure, err error) {
		dir, err := os.MkdirTemp("", "conex-bench")
		if err != nil {
			return f, err
		}
		defer os.RemoveAll(dir)
		cmd, err := self("store", s.Place)
		if err != nil {
			return f, err
		}
		address := filepath.Join(dir, "store")
		cmd.Env = append(cmd.Env, storeEnv+"="+address)
		in, err := cmd.StdinPipe()
		if err != nil {
			return f, err
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			return f, err
		}
		if err := cmd.Start(); err != nil {
			return f, err
		}
		defer func() {
			in.Close()
			cmd.Wait()
		}()
		if _, err := out.Read(make([]byte, 6)); err != nil {
			return f, err
		}
		conns := make([]*rpc.Client, clients)
		for i := range conns {
			if conns[i], err = rpc.Dial("unix", address); err != nil {
				return f, err
			}
			defer conns[i].Close()
		}
		f, err = meter.Bulk(max(1, s.N/4/clients), func(n int) int { return clients * meter.SumInc(n) }, func(n int) (int, error) {
			return meter.Together(clients, clients, func(lo, hi int) (int, error) { return storeRounds(conns[lo], lo, n) })
		})
		f.Value /= float64(4 * clients)
		return f, err
	}
}

func storeRounds(c *rpc.Client, key, n int) (sum int, _ error) {
	for i := range n {
		var got, took int
		var none struct{}
		if err := c.Call("Store.Set", KV{key, i}, &none); err != nil {
			return 0, err
		}
		if err := c.Call("Store.Get", key, &got); err != nil {
			return 0, err
		}
		if err := c.Call("Store.Put", i, &none); err != nil {
			return 0, err
		}
		if err := c.Call("Store.Take", none, &took); err != nil {
			return 0, err
		}
		sum += got - i + meter.Inc(took)
	}
	return sum, nil
}
