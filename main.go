package conex

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/conexgo/conex/internal/exit"
	"github.com/conexgo/conex/internal/mainctx"
	"github.com/conexgo/conex/internal/worker"
)

// An InterruptError is the cause of the end of the context that [Main] hands
// to run: somebody asked the program to stop.
type InterruptError struct{ Signal os.Signal }

// Error names the signal.
func (e *InterruptError) Error() string { return "interrupted by signal: " + e.Signal.String() }

// Is makes the error match context.Canceled.
func (e *InterruptError) Is(target error) bool { return target == context.Canceled }

// Main is the first and only line of main in a program that starts worker
// processes:
//
//	func main() { conex.Main(run) }
//
//	func run(ctx context.Context) error { … }
//
// Workers are this program, started again. In a worker, Main serves the parent
// and never returns; everything before Main, such as the initialisation of
// packages, runs in the workers too. Python programs have an
// if __name__ == "__main__" guard and freeze_support for this.
//
// In the program itself, Main calls run. Its ctx carries what packages such as
// contextvars put there for the main thread, and ends with the first interrupt
// or SIGTERM (context.Cause then gives an *[InterruptError]); a second one ends
// the program at once, and every worker with it. When run returns, Main waits
// for what is still open: threads that are no daemons run to their end, also
// after an interrupt, and executors finish the tasks they were given, unless
// ctx has ended, which cancels those that have not started. Then Main returns,
// or, if run returned an error, prints it to standard error and exits with
// code 1 (130 after an interrupt).
func Main(run func(ctx context.Context) error) {
	Init()
	if run == nil {
		panic("conex: Main with a nil function")
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for n := 0; ; n++ {
			s := <-signals
			if n > 0 {
				os.Exit(130) // the workers end with us
			}
			cancel(&InterruptError{s})
		}
	}()
	main := mainctx.Wrap(ctx) // ends with ctx, or by an interrupt made by the program
	err := run(main)
	exit.Run(main)
	if err == nil {
		return
	}
	if main.Err() != nil && errors.Is(err, context.Canceled) {
		os.Exit(130)
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", filepath.Base(os.Args[0]), err)
	os.Exit(1)
}

// Init is the bare form of [Main], for TestMain and for programs that keep
// their own main:
//
//	func TestMain(m *testing.M) {
//		conex.Init()
//		os.Exit(m.Run())
//	}
//
// In a worker it serves the parent and never returns; else it returns at once.
// It catches no signals and waits for nothing at exit: workers end when the
// program does.
func Init() { worker.Init() }
