// Command manager works for a program in Python: it takes words from a queue in
// a manager and puts them into another one, in capitals.
//
//	go run ./cmd/conex manager -authkey-file conex.key -share queue:jobs -share queue:results
//	go run ./examples/manager
//	python3 examples/manager/put.py
//
// It ends with Ctrl-C, or when the manager does.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/multiprocessing/managers"
)

var (
	address = flag.String("address", "127.0.0.1:50000", "where the manager is")
	keyFile = flag.String("authkey-file", "conex.key", "`file` with the key")
)

func main() {
	flag.Parse()
	conex.Main(run)
}

func run(ctx context.Context) error {
	key, err := os.ReadFile(*keyFile)
	if err != nil {
		return err
	}
	m, err := managers.Connect(ctx, *address, managers.ClientConfig{AuthKey: bytes.TrimSpace(key)})
	if err != nil {
		return err
	}
	defer m.Close()
	p, err := m.Create(ctx, "jobs")
	if err != nil {
		return err
	}
	jobs := managers.QueueOf[string](p)
	if p, err = m.Create(ctx, "results"); err != nil {
		return err
	}
	results := managers.QueueOf[string](p)
	for {
		word, err := jobs.Get(ctx)
		if err != nil {
			return err
		}
		fmt.Println("got", word)
		if err := results.Put(ctx, strings.ToUpper(word)); err != nil {
			return err
		}
	}
}
