//go:build unix

package subprocess

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/remote"
	"github.com/conexgo/conex/internal/wire"
	"github.com/conexgo/conex/internal/worker"
)

const preludeKind = "subprocess/prelude"

func init() { worker.Register(preludeKind, preludeRuns) }

// preludeRuns is a prelude's life: it ends as another program, or by telling why
// not. What the function sets may belong to the thread, and the thread that
// executes is what is left of a process: both are the same one.
func preludeRuns() {
	runtime.LockOSThread()
	fd, err := strconv.Atoi(os.Getenv(preludeFD))
	if err != nil {
		os.Exit(125)
	}
	os.Unsetenv(preludeFD)
	unix.CloseOnExec(fd)
	socket := os.NewFile(uintptr(fd), "prelude")
	var o order
	if err := readOrder(socket, &o); err != nil {
		os.Exit(125) // nobody is there any more
	}
	if os.Getppid() != o.Parent {
		os.Exit(125)
	}
	if o.Leashed {
		leash()
	}
	what, err := o.run(socket)
	socket.Write(remote.Append([]byte{what}, err))
	os.Exit(125)
}

// readOrder reads a length, a line end, and so many bytes.
func readOrder(r io.Reader, o *order) error {
	b := bufio.NewReader(r)
	line, err := b.ReadString('\n')
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(line, "\n"))
	if err != nil || n < 0 {
		return errors.New("no order")
	}
	message := make([]byte, n)
	if _, err := io.ReadFull(b, message); err != nil {
		return err
	}
	_, err = codec.Read(message, o)
	return err
}

// run does what the order says. It returns only if something failed: what, and
// why.
func (o *order) run(socket io.Writer) (what byte, err error) {
	for _, s := range o.Ignored {
		signal.Ignore(syscall.Signal(s))
	}
	if err := o.call(); err != nil {
		return preludeFunction, err
	}
	if err := o.Limits.apply(); err != nil {
		return preludeLimits, err
	}
	socket.Write([]byte{preludeReady})
	return preludeExecution, syscall.Exec(o.Path, o.Args, os.Environ())
}

// call calls the function.
func (o *order) call() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	entries := wire.Entries()
	if int(o.Function) >= len(entries) {
		return errors.New("the function is not known: call conex.Register while the program initialises, under no condition")
	}
	call, err := entries[o.Function].Read(&codec.Decoder{Buf: o.Argument})
	if err != nil {
		return fmt.Errorf("its argument: %w", err)
	}
	return call(context.Background())
}
