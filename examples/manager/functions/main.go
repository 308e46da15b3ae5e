// Command functions has functions in Go that a Python program calls:
//
//	pip install ./python
//	go run ./examples/manager/functions
//	python3 examples/manager/functions/words.py README.md SECURITY.md
//
// The key is in conex.key, which the command makes if it is not there. It ends with
// Ctrl-C.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/multiprocessing/managers"
	"github.com/conexgo/conex/pickle"
)

var (
	address = flag.String("address", "127.0.0.1:50001", "where to listen")
	keyFile = flag.String("authkey-file", "conex.key", "`file` with the key")
)

var types = managers.NewTypes("functions", managers.SyncTypes)

func init() {
	managers.Function(types, "square", futures.Local(square))
	managers.Function(types, "words", futures.Local(words))
}

func square(_ context.Context, x int64) (int64, error) { return x * x, nil }

// words counts those of a file. What goes wrong with that is a GoError in Python,
// but for a file without words, which is a ValueError there.
func words(_ context.Context, name string) (int, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	n := len(strings.Fields(string(text)))
	if n == 0 {
		return 0, pickle.ValueError.Newf("%s has no words", name)
	}
	return n, nil
}

func main() {
	flag.Parse()
	conex.Main(run)
}

func run(ctx context.Context) error {
	key, err := readKey(*keyFile)
	if err != nil {
		return err
	}
	srv, err := managers.Listen(ctx, managers.Config{Address: *address, AuthKey: key, Types: types})
	if err != nil {
		return err
	}
	fmt.Println("functions at", srv.Address())
	return srv.Serve(ctx)
}

// readKey returns the key that is in a file, or puts a new one there.
func readKey(name string) ([]byte, error) {
	key, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		key = []byte(rand.Text())
		return key, os.WriteFile(name, key, 0o600)
	}
	return []byte(strings.TrimSpace(string(key))), err
}
