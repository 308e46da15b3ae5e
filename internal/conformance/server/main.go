// Server is what the conformance harness runs CPython's own tests against: the
// typeids of a SyncManager and those that the tests register beside them. It
// uses the public API only, as any program with a manager of its own does.
//
// The environment says where to listen and what the key is: CONEX_ADDRESS and
// CONEX_AUTHKEY. It prints what it can do and where it listens, and serves until
// a client asks for the end, or SIGTERM comes.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/conexgo/conex/multiprocessing/managers"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	key := os.Getenv("CONEX_AUTHKEY")
	if key == "" {
		return errors.New("CONEX_AUTHKEY is not set")
	}
	// Standard error is shown when a test fails with the server.
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	main, err := managers.Listen(ctx, managers.Config{
		Address: os.Getenv("CONEX_ADDRESS"), AuthKey: []byte(key), Types: types(), Logger: log,
	})
	if err != nil {
		return err
	}
	xml, err := managers.Listen(ctx, managers.Config{
		AuthKey: []byte(key), Types: queueTypes(), Serializer: "xmlrpclib", Logger: log,
	})
	if err != nil {
		return err
	}
	fmt.Println("features: callables,shm,pool,refuses-pickles")
	fmt.Println("xmlrpc-address:", xml.Address())
	fmt.Println("address:", main.Address())

	var wg sync.WaitGroup
	defer wg.Wait()
	defer xml.Close()
	wg.Go(func() {
		if err := xml.Serve(ctx); err != nil {
			log.Error("xmlrpc", "err", err)
		}
	})
	return main.Serve(ctx)
}
