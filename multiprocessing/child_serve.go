//go:build unix

package multiprocessing

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/child"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/exit"
	"github.com/conexgo/conex/internal/remote"
	"github.com/conexgo/conex/internal/shm"
	"github.com/conexgo/conex/internal/wait"
	"github.com/conexgo/conex/internal/worker"
)

func init() { worker.Register(kind, serve) }

// A server is this process as a child. One goroutine reads the socket, which is
// the life line; others run functions.
type server struct {
	conn *wait.Conn

	// What has come for the function that is to run.
	files map[byte]*os.File
	given []*shm.Shared // what travels beside the argument, one reference each

	work      sync.Mutex // held while something runs: first what is preloaded
	rooted    sync.Once  // for the next two, see root
	ctx       context.Context
	cancel    context.CancelCauseFunc
	stopTimer func() // of the function's deadline; the process ends sooner

	mu          sync.Mutex // protects what follows
	begun       bool       // there is a function, whose context can be ended
	deadline    int64      // of that
	interrupted bool
}

// serve is what a child does instead of the program's main. It does not return.
func serve() {
	nameProcess("conex-process")
	child.BecomeSubreaper() // unsupported systems say so; the process group is the rest
	s := &server{files: make(map[byte]*os.File)}
	var err error
	if s.conn, err = wait.OpenBlocking(os.NewFile(3, "conex-socket")); err != nil {
		fmt.Fprintf(os.Stderr, "conex: process: %v\n", err)
		os.Exit(124)
	}
	s.read()
}

// read looks after the socket. When there is something to run, it goes on on
// another goroutine, and this one, which has the thread, runs it.
func (s *server) read() {
	for {
		fr, _, err := s.conn.Recv(true)
		if err != nil {
			close(orphaned)
			exit.RunOrphan(lastWords)
			child.Exit(124) // nobody sees the code
		}
		run, err := s.handle(fr)
		if err != nil {
			fmt.Fprintf(os.Stderr, "conex: process: corrupt frame: %v\n", err)
			child.Exit(124)
		}
		if run != nil {
			go s.read()
			run()
			select {} // the process ends otherwise than by the end of main
		}
	}
}

// lastWords is how long what a package has to put away may keep a process alive
// whose parent has died.
const lastWords = 500 * time.Millisecond

// deaf is how long a function runs before the process listens to signals. That
// takes the runtime three threads more, which cost a process that ends soon a
// third of its life. Until then a SIGINT from elsewhere kills it.
const deaf = time.Millisecond

// signals makes SIGINT an interrupt.
//
// The kernel sends SIGHUP when the parent dies while a member of our group is
// stopped: the end of file that comes with it must still be dealt with. A
// handler, since children would inherit an ignored signal.
func (s *server) signals() {
	c := make(chan os.Signal, 2)
	signal.Notify(c, os.Interrupt, syscall.SIGHUP)
	for sig := range c {
		if sig == os.Interrupt {
			s.interrupt()
		}
	}
}

// interrupt ends the function's context, and the second time the process.
func (s *server) interrupt() {
	if exit.InterruptsIgnored() {
		return
	}
	s.mu.Lock()
	begun, again := s.begun, s.interrupted
	s.interrupted = begun
	s.mu.Unlock()
	switch {
	case !begun: // it was not told yet what to do
	case again:
		child.Exit(130)
	default:
		s.cancel(&conex.InterruptError{Signal: os.Interrupt})
	}
}

// handle deals with one frame, and returns what is to be run.
func (s *server) handle(fr wait.Frame) (run func(), err error) {
	p := fr.Payload
	switch fr.Type {
	case msgFile:
		if f := s.conn.File(); f != nil && len(p) == 1 {
			s.files[p[0]] = f
			return nil, nil
		}
	case msgHandle:
		if f := s.conn.File(); f != nil && len(p) == 16 {
			m, err := shm.OpenShared(binary.LittleEndian.Uint64(p), f, int(binary.LittleEndian.Uint64(p[8:])))
			s.given = append(s.given, m)
			return nil, err
		}
	case msgPreload:
		var list preload
		if _, err := codec.Read(p, &list); err != nil {
			return nil, err
		}
		return func() { s.preload(list) }, nil
	case msgHello:
		h := new(hello)
		if _, err := codec.Read(p, h); err != nil {
			return nil, err
		}
		return func() { s.run(h) }, nil
	case msgInterrupt:
		s.interrupt()
		return nil, nil
	case msgCancel:
		if len(p) > 0 {
			cause, _, err := remote.Read(p[1:])
			s.end(p[0] != 0, cause)
			return nil, err
		}
	}
	return nil, fmt.Errorf("type %d with %d bytes", fr.Type, len(p))
}
