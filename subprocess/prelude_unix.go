//go:build unix

package subprocess

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/remote"
	"github.com/conexgo/conex/internal/watch"
	"github.com/conexgo/conex/internal/worker"
)

// No Go code can run between a fork and its exec. So a program with a function
// to run before it begins as this program once more, the prelude, which has all
// that the Cmd says: directory, environment, descriptors, user. The prelude
// reads from a socket what to do, calls the function, and executes the program,
// which closes the socket: the sign for us that it runs.

// An order is what a prelude has to do.
type order struct {
	Parent   int    // whose child it must be
	Leashed  bool   // it ends with the parent's thread; execution can forget that
	Function uint32 // its number in the table of functions
	Argument []byte
	Ignored  []int // the signals that are to be ignored; a Go program forgets some
	Limits   Limits
	Path     string
	Args     []string
}

// What a prelude answers: first that it is about to execute the program, and
// then, if that or something before failed, why.
const (
	preludeReady     = 'r'
	preludeFunction  = 'f' // the function's error follows
	preludeLimits    = 'l' // the error of the limits follows
	preludeExecution = 'x' // the error of the execution follows
)

// preludeFD is the variable that tells a prelude the number of its socket.
const preludeFD = "CONEX_PRELUDE"

// prelude starts the program after a function of ours.
func (n *launch) prelude() (process, error) {
	ours, p, err := n.startPrelude()
	if err != nil {
		return nil, err
	}
	defer ours.Close()
	stop := context.AfterFunc(n.ctx, func() { p.Kill() })
	err = n.orderPrelude(ours)
	if !stop() && err == nil {
		err = watch.Reason(n.ctx)
	}
	if err == nil {
		return p, nil
	}
	p.Kill()
	<-p.Done()
	switch {
	case n.ctx.Err() != nil:
		return nil, watch.Reason(n.ctx)
	case errors.Is(err, io.EOF):
		return nil, bad("Unix.PreExec", "%s has ended the process before the program began: %v", n.cmd.Unix.PreExec.Name(), p.Status())
	}
	return nil, err
}

// startPrelude starts it, and returns our end of the socket.
func (n *launch) startPrelude() (ours *os.File, p process, err error) {
	if err := worker.Check(); err != nil {
		n.drop()
		return nil, nil, bad("Unix.PreExec", "%w", err)
	}
	pair, err := socketPair()
	if err != nil {
		n.drop()
		return nil, nil, err
	}
	defer pair[1].Close()
	number := 3 + len(n.spec.Files)
	for n.cmd.KeepFiles && leaking(number) {
		number++
	}
	files := make([]*os.File, number-2)
	copy(files, n.spec.Files)
	files[number-3] = pair[1]
	n.spec.Files = files
	env := n.env
	if env == nil {
		env = os.Environ()
	}
	n.spec.Env = append(slices.Clip(env), worker.EnvVar+"="+preludeKind, preludeFD+"="+strconv.Itoa(number))
	n.spec.Path, n.spec.Args = "", []string{n.args[0]}
	if p, err = n.launch(); err != nil {
		pair[0].Close()
		return nil, nil, err
	}
	return pair[0], p, nil
}

// orderPrelude tells the prelude what to do, and waits until the program runs.
// io.EOF means that the prelude has ended without a word.
func (n *launch) orderPrelude(ours *os.File) error {
	o := order{Parent: os.Getpid(), Leashed: n.isLeashed(), Limits: n.cmd.Limits, Path: n.path, Args: n.args}
	var e codec.Encoder
	e.NoHandles = true
	id, err := n.cmd.Unix.PreExec.Encode(&e)
	if err != nil {
		return bad("Unix.PreExec", "the argument of %s cannot be encoded: %w", n.cmd.Unix.PreExec.Name(), err)
	}
	o.Function, o.Argument = id, e.Buf
	for s := syscall.Signal(1); s < 32; s++ {
		if signal.Ignored(s) && (n.cmd.Unix.KeepSignals || !slices.Contains(restored, os.Signal(s))) {
			o.Ignored = append(o.Ignored, int(s))
		}
	}
	message, err := codec.Append(nil, &o)
	if err != nil {
		return fmt.Errorf("subprocess: order of a prelude: %w", err)
	}
	message = append(strconv.AppendInt(nil, int64(len(message)), 10), append([]byte{'\n'}, message...)...)
	if _, err := ours.Write(message); err != nil {
		return io.EOF // it is dead
	}
	answer, err := io.ReadAll(ours)
	switch {
	case err != nil || len(answer) == 0:
		return io.EOF
	case answer[0] == preludeReady && len(answer) == 1:
		return nil
	case answer[0] == preludeReady:
		answer = answer[1:]
	}
	why, _, failed := remote.Read(answer[1:])
	if failed != nil {
		return io.EOF
	}
	switch answer[0] {
	case preludeFunction:
		return bad("Unix.PreExec", "%s: %w", n.cmd.Unix.PreExec.Name(), why)
	case preludeLimits:
		return bad("Limits", "%w", why)
	}
	return n.failed(why)
}

// socketPair makes a socket: ours, and one for the child.
func socketPair() (pair [2]*os.File, err error) {
	syscall.ForkLock.RLock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return pair, os.NewSyscallError("socketpair", err)
	}
	unix.SetNonblock(fds[0], true) // the runtime's poller waits for it
	return [2]*os.File{os.NewFile(uintptr(fds[0]), "prelude"), os.NewFile(uintptr(fds[1]), "prelude")}, nil
}
