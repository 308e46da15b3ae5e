//go:build unix

package process

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/conexgo/conex/internal/child"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/exit"
	"github.com/conexgo/conex/internal/inherit"
	"github.com/conexgo/conex/internal/remote"
	"github.com/conexgo/conex/internal/ring"
	"github.com/conexgo/conex/internal/self"
	"github.com/conexgo/conex/internal/shm"
	"github.com/conexgo/conex/internal/wait"
	"github.com/conexgo/conex/internal/wire"
	iworker "github.com/conexgo/conex/internal/worker"
)

func init() { iworker.Register(kind, serve) }

// A server is this process as a worker. One goroutine, the loop, takes tasks
// from the ring and runs them; another, the watchdog, looks after the socket
// while a task takes long.
type server struct {
	conn    *wait.Conn
	ctl     control
	tasks   *ring.Consumer
	results *ring.Producer
	entries []*wire.Entry
	backoff wait.Backoff
	place   wait.Place
	ctxs    contexts
	large   []*largeSegment // for results
	largeID uint64
	segs    map[uint64]*shm.Segment
	fr      frame
	dec     codec.Decoder
	given   []*shm.Shared // memory lent to the function that runs
	enc     codec.Encoder
	meter   wire.Meter
	recv    chan struct{} // one token: the right to read the socket
	newSegs arrivals
	watch   watchdog
}

// serve is what a worker process does instead of the program's main. It does
// not return.
func serve() {
	s := &server{segs: make(map[uint64]*shm.Segment), recv: make(chan struct{}, 1)}
	s.watch.wake = make(chan struct{}, 1)
	s.recv <- struct{}{}
	if err := s.setUp(); err != nil {
		if err != io.EOF && !errors.Is(err, syscall.EPIPE) { // else the pool does not want us any more
			fmt.Fprintf(os.Stderr, "conex: worker: %v\n", err)
		}
		os.Exit(124)
	}
	go s.watchdog()
	// A task that calls runtime.Goexit ends the loop's goroutine in the
	// middle of a frame; the next one goes on there.
	for {
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.loop()
		}()
		<-done
	}
}

func (s *server) setUp() error {
	os.WriteFile("/proc/self/comm", []byte("conex-worker"), 0) // what ps and top show; elsewhere it fails and does not matter
	// The kernel sends SIGHUP when the pool's process dies while a member of
	// our group is stopped: the end of file that comes with it must still be
	// dealt with. A handler, since children would inherit an ignored signal.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	child.BecomeSubreaper() // unsupported systems say so; the process group is the rest
	var err error
	if s.conn, err = wait.OpenBlocking(os.NewFile(3, "conex-socket")); err != nil {
		return err
	}
	mem, err := shm.Map(os.NewFile(4, "conex-shm"), memorySize)
	if err != nil {
		return err
	}
	s.ctl = openControl(mem.Mem)
	s.meter.Progress = s.ctl.begun
	s.place = wait.Place{Mine: s.ctl.workerCore, Theirs: s.ctl.poolCore, Mover: true}
	s.tasks = ring.NewConsumer(tasksMem(mem.Mem))
	s.results = ring.NewProducer(resultsMem(mem.Mem))
	var h hello
	for {
		fr, _, err := s.conn.Recv(true)
		if err != nil {
			return err
		}
		if fr.Type == msgHello {
			if _, err := codec.Read(fr.Payload, &h); err != nil {
				return err
			}
			break
		}
		s.handle(fr, nil)
	}
	s.entries = wire.Entries()
	forwardLogs(s.conn, h.Log)
	msg, err := codec.Append(nil, s.introduce(h))
	if err != nil {
		return err
	}
	return s.conn.Send(msgReady, msg, nil)
}

// introduce applies the pool's wishes and runs its initialiser.
func (s *server) introduce(h hello) *introduction {
	r := new(introduction)
	self.Take(h.Self)
	if h.MaxMemory > 0 {
		debug.SetMemoryLimit(h.MaxMemory * 8 / 10)
		if err := child.SetMemoryLimit(0, h.MaxMemory); err != nil {
			r.Fault = err.Error()
			return r
		}
	}
	table := wire.Describe(s.entries)
	if table != h.Table {
		r.Table = table
	}
	if !h.HasInit {
		return r
	}
	var name string
	for line := range strings.Lines(h.Table) {
		if h.Init == 0 {
			name, _, _ = strings.Cut(line, "\t")
			break
		}
		h.Init--
	}
	e := wire.Lookup(name)
	if e == nil {
		r.Fault = fmt.Sprintf("the initialiser %q is not registered in the worker: call conex.Register while the program initialises", name)
		return r
	}
	s.dec.Buf = h.InitArg
	s.dec.Handles = func(i uint64) (any, error) {
		if i >= uint64(len(h.InitMem)) {
			return nil, fmt.Errorf("process: the argument of the initialiser refers to memory %d of %d", i, len(h.InitMem))
		}
		return s.lendID(h.InitMem[i]), nil
	}
	if err := s.initialise(e); err != nil {
		r.Init = remote.Append(nil, err)
	}
	s.endLoan()
	return r
}

// initialise runs the initialiser on a goroutine of its own: a Goexit there
// is an error like a panic.
func (s *server) initialise(e *wire.Entry) (err error) {
	done := make(chan error, 1)
	go func() {
		ok := false
		defer func() {
			if ok {
				return
			}
			if v := recover(); v != nil {
				done <- fmt.Errorf("panic: %v\n%s", v, debug.Stack())
				return
			}
			done <- fmt.Errorf("it called runtime.Goexit")
		}()
		err, _ := e.RunOne(inherit.Own(s.ctxs.base()), &s.dec, &s.enc)
		s.enc.Buf = nil
		ok = true
		done <- err
	}()
	return <-done
}

// loop serves the ring of tasks.
func (s *server) loop() {
	for {
		if s.fr.active {
			s.run()
			continue
		}
		r, ok, err := s.tasks.Next()
		switch {
		case err != nil:
			s.broken(err.Error())
		case !ok:
			s.idle()
		case r.Kind == recTasks:
			s.begin(r.Payload)
		case r.Kind == recCtx && len(r.Payload) >= 16:
			s.ctxs.define(r.Payload)
		case r.Kind == recCtxDrop && len(r.Payload) == 4:
			s.ctxs.drop(binary.LittleEndian.Uint32(r.Payload))
		case r.Kind == recForget:
			for id, seg := range s.segs {
				seg.Close()
				delete(s.segs, id)
			}
			s.newSegs.forget()
		default:
			s.broken(fmt.Sprintf("record of kind %d with %d bytes", r.Kind, len(r.Payload)))
		}
	}
}

// broken tells the pool that what it sent makes no sense, and ends.
func (s *server) broken(text string) {
	s.write(recBroken, []byte(text))
	s.flush()
	fmt.Fprintln(os.Stderr, "conex: worker: corrupt task:", text)
	s.end(124)
}

// idle waits for a task: first by polling, if the pool allows it, then asleep
// on the socket.
func (s *server) idle() {
	if s.ctl.spin.Load() != 0 && wait.CanSpin() &&
		s.backoff.Spin(&s.place, func() bool { return !s.tasks.Empty() }, wait.SpinFor) {
		return
	}
	s.receive(s.tasks.Sleep)
	s.tasks.Awake()
}

// receive blocks until something has arrived on the socket, and deals with
// it, unless sleep says that there is no need. Only the loop calls it. The
// right to read comes first: else the watchdog could take the very bell that
// sleep has asked for.
func (s *server) receive(sleep func() bool) {
	<-s.recv
	if sleep() {
		fr, _, err := s.conn.Recv(true)
		s.handle(fr, err)
	}
	s.recv <- struct{}{}
}

// flushFor is how long a worker takes at most to flush queues at its end.
const flushFor = 500 * time.Millisecond

// handle deals with one frame of the socket. Whoever calls it has the right
// to read.
func (s *server) handle(fr wait.Frame, err error) {
	if err != nil {
		// The pool has closed its end, or is dead. What tasks have put into
		// queues shall get there.
		ctx, cancel := context.WithTimeout(context.Background(), flushFor)
		exit.RunStage(ctx, exit.Queues)
		cancel()
		s.end(0)
	}
	switch fr.Type {
	case msgCancel:
		if len(fr.Payload) == 5 {
			s.ctxs.cancel(binary.LittleEndian.Uint32(fr.Payload), fr.Payload[4] != 0)
		}
	case msgSegment:
		f := s.conn.File()
		if f == nil || len(fr.Payload) != 24 {
			return
		}
		seg, err := shm.Map(f, int(binary.LittleEndian.Uint64(fr.Payload[8:])))
		if err != nil {
			fmt.Fprintf(os.Stderr, "conex: worker: %v\n", err)
			s.end(124)
		}
		s.newSegs.put(newSegment{binary.LittleEndian.Uint64(fr.Payload), binary.LittleEndian.Uint64(fr.Payload[16:]), seg})
	}
}

// end ends this process and everything that it started.
func (s *server) end(code int) {
	child.Exit(code)
}

// write puts one record into the ring of results, waiting for room.
func (s *server) write(kind uint8, payload []byte) {
	copy(s.reserve(len(payload)), payload)
	s.results.Commit(len(payload), kind, 0)
}

// reserve returns room in the ring of results, waiting for it.
func (s *server) reserve(n int) []byte {
	for {
		if b := s.results.Reserve(n); b != nil {
			return b
		}
		s.flush()
		// A large result: the pool is copying out what is before it.
		if n > guess && wait.CanSpin() && wait.Until(func() bool { return s.results.Reserve(n) != nil }, wait.SpinFor) {
			continue
		}
		s.receive(func() bool { return s.results.Sleep(n) })
	}
}

// flush makes sure that the pool sees what was written.
func (s *server) flush() {
	if s.results.Notify() {
		s.conn.Ring()
	}
}

// A watchdog looks, while a frame is being worked on, for what arrives on the
// socket: the end of a context, or of the pool.
type watchdog struct {
	frames atomic.Uint64 // frames begun
	busy   atomic.Bool
	parked atomic.Bool
	wake   chan struct{}
	slow   atomic.Bool // results must not wait for the end of the frame
}

const (
	watchEvery = 2 * time.Millisecond
	watchMost  = 20 * time.Millisecond // when the same frame goes on and on
)

// busy starts a frame.
func (s *server) busy() {
	w := &s.watch
	w.frames.Add(1)
	w.busy.Store(true)
	if w.parked.Load() && w.parked.CompareAndSwap(true, false) {
		w.wake <- struct{}{}
	}
}

// watchdog costs nothing while the worker is idle and a few microseconds
// every two milliseconds while it is not.
func (s *server) watchdog() {
	w := &s.watch
	every := watchEvery
	last := uint64(0)
	for {
		if !w.busy.Load() {
			w.parked.Store(true)
			if !w.busy.Load() || !w.parked.CompareAndSwap(true, false) {
				<-w.wake
			}
			every = watchEvery
		}
		time.Sleep(every)
		if !w.busy.Load() {
			continue
		}
		now := w.frames.Load()
		if now == last {
			// Finished results must not wait for a slow one behind them.
			w.slow.Store(true)
			atomic.StoreUint32(&s.meter.Stop, 1)
			if s.results.Nudge() {
				s.conn.Ring()
			}
			every = min(every*5/4, watchMost)
		} else {
			every = watchEvery
		}
		last = now
		s.poll()
	}
}

// poll reads what is there on the socket, unless the loop does.
func (s *server) poll() {
	select {
	case <-s.recv:
	default:
		return
	}
	for {
		fr, ok, err := s.conn.Recv(false)
		if !ok && err == nil {
			break
		}
		s.handle(fr, err)
	}
	s.recv <- struct{}{}
}
