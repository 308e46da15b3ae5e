package main

import (
	"errors"
	"io"
	"net/rpc"
	"os"
	"os/exec"
	"time"

	"github.com/conexgo/conex/bench/internal/meter"
	"golang.org/x/sync/errgroup"
)

// Worker is the service of the worker processes.
type Worker struct{}

// Inc is the task of all cases.
func (Worker) Inc(arg int, result *int) error {
	*result = meter.Inc(arg)
	return nil
}

// duplex is a connection made of two one-way files.
type duplex struct {
	io.Reader
	io.WriteCloser
}

func serveRPC() error {
	s := rpc.NewServer()
	if err := s.Register(Worker{}); err != nil {
		return err
	}
	s.ServeConn(duplex{os.Stdin, os.Stdout}) // until the client closes its end
	return nil
}

// rpcWorker is a worker process fed through its standard input and read from its standard output.
type rpcWorker struct {
	*rpc.Client
	cmd *exec.Cmd
}

func startRPC(place meter.Place) (*rpcWorker, error) {
	cmd, err := self("rpc-stdio", place)
	if err != nil {
		return nil, err
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	w := &rpcWorker{rpc.NewClient(duplex{out, in}), cmd}
	if _, err := w.inc(1); err != nil { // it is up, and has sent its types
		return nil, errors.Join(err, w.stop())
	}
	return w, nil
}

// self is this program again, in another role.
func self(role string, place meter.Place) (*exec.Cmd, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	env, err := meter.WorkerEnv(place)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(exe)
	cmd.Env = append(env, roleEnv+"="+role)
	cmd.Stderr = os.Stderr
	return cmd, nil
}

func (w *rpcWorker) inc(i int) (int, error) {
	var r int
	err := w.Call("Worker.Inc", i, &r)
	return r, err
}

func (w *rpcWorker) stop() error {
	return errors.Join(w.Client.Close(), w.cmd.Wait())
}

// submitRPC is a process pool of the plain sort: two worker processes, each fed by a goroutine of its own that keeps 64
// calls on the way.
func submitRPC(s meter.Spec) (_ meter.Figure, err error) {
	var workers [2]*rpcWorker
	for i := range workers {
		w, err := startRPC(s.Place)
		if err != nil {
			return meter.Figure{}, err
		}
		defer func() { err = errors.Join(err, w.stop()) }()
		workers[i] = w
	}
	return meter.Bulk(s.N, meter.SumInc, func(n int) (int, error) {
		var g errgroup.Group
		var sums [len(workers)]int
		for i, w := range workers {
			g.Go(func() (err error) {
				sums[i], err = w.feed(i*n/len(workers), (i+1)*n/len(workers))
				return err
			})
		}
		err := g.Wait()
		return sums[0] + sums[1], err
	})
}

// feed has the worker do the tasks from lo up to hi and returns the sum of its results.
func (w *rpcWorker) feed(lo, hi int) (sum int, err error) {
	const inFlight = 64
	done := make(chan *rpc.Call, inFlight)
	collect := func() {
		c := <-done
		sum += *c.Reply.(*int)
		err = errors.Join(err, c.Error)
	}
	for i := lo; i < hi; i++ {
		if i-lo >= inFlight {
			collect()
		}
		w.Go("Worker.Inc", i, new(int), done)
	}
	for range min(inFlight, hi-lo) {
		collect()
	}
	return sum, err
}

func callRPC(s meter.Spec) (_ meter.Figure, err error) {
	w, err := startRPC(s.Place)
	if err != nil {
		return meter.Figure{}, err
	}
	defer func() { err = errors.Join(err, w.stop()) }()
	if err := meter.SettleCaller(s.Place); err != nil {
		return meter.Figure{}, err
	}
	return meter.Calls(s, s.N/10, func(i int) (time.Duration, error) { return meter.Timed(i, w.inc) })
}
