package managers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/exit"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/connection"
)

// serveChild is a server's process.
var serveChild = conex.Register("managers/server", func(ctx context.Context, a *serverArg) (struct{}, error) {
	return struct{}{}, a.serve(ctx)
})

func (a *serverArg) serve(ctx context.Context) error {
	exit.IgnoreInterrupts()
	// A process begins to listen to signals some time after its function. This one
	// does before anybody is told that it is there.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	cfg, err := a.config()
	if err != nil {
		return err
	}
	if err := a.Init.run(ctx); err != nil {
		return fmt.Errorf("managers: the initializer: %w", err)
	}
	srv, err := Listen(ctx, cfg)
	if err != nil {
		return err
	}
	// The parent terminates who does not listen to the request for shutdown. The
	// socket and the segments must not stay behind.
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM) // to the end: what comes late changes nothing
	served := make(chan struct{})
	remove := exit.OnOrphan(func() {
		srv.Close()
		<-served
	})
	defer remove()
	go func() {
		select {
		case <-term:
			srv.Close()
		case <-served:
		}
	}()
	if err = connection.Send(ctx, a.Ready, srv.Address()); err == nil {
		a.Ready.Close()
		a.Ready = nil // a pipe is a descriptor until it is forgotten
		multiprocessing.Logger().Info("manager serving at " + srv.Address())
		err = srv.Serve(ctx)
		multiprocessing.Logger().Info("manager exiting")
	} else {
		srv.Close()
		srv.Serve(ctx)
	}
	close(served)
	if parent := multiprocessing.ParentProcess(); err != nil && parent != nil && !parent.Alive() {
		return errors.Join(err, errors.New("managers: the parent has died"))
	}
	return err
}
