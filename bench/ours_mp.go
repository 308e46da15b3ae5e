package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/connection"
)

func mpParties() meter.Parties {
	all := meter.Parties{
		"mp/spawn":                {"ours": mpStart(multiprocessing.Spawn)},
		"mp/warm":                 {"ours": mpStart(multiprocessing.ForkServer)},
		"mp/spawn-2GiB":           {"ours": mpHeap},
		"mp/pipe-hot":             {"ours": mpPipe(0)},
		"mp/pipe-idle":            {"ours": mpPipe(idleSpell)},
		"mp/pipe-64B":             {"ours": mpPipeBlocks(64)},
		"mp/pipe-64KiB":           {"ours": mpPipeBlocks(64 << 10)},
		"mp/pipe-1MiB":            {"ours": mpPipeBlocks(1 << 20)},
		"mp/lock":                 {"ours": mpLock},
		"mp/rlock":                {"ours": mpRLock},
		"mp/semaphore":            {"ours": mpSemaphore},
		"mp/lock-contended":       {"ours": mpLockContended},
		"mp/event":                {"ours": mpEvent},
		"mp/barrier":              {"ours": mpBarrier},
		"mp/waiters-threads":      {"ours": mpWaiters(waiterThreads)},
		"mp/waiters-memory":       {"ours": mpWaiters(waiterMemory)},
		"mp/value":                {"ours": mpValue},
		"mp/value-atomic":         {"ours": mpValueAtomic},
		"mp/shm":                  {"ours": mpShm},
		"mp/shareablelist":        {"ours": mpList},
		"mp/worker-memory":        {"ours": mpWorkerMemory},
		"mp/pool-map":             {"ours": mpPoolMap(0)},
		"mp/pool-map-1":           {"ours": mpPoolMap(1)},
		"mp/pool-apply":           {"ours": mpPoolApply},
		"mp/queue-self":           {"ours": mpQueueSelf},
		"mp/queue-int":            {"ours": mpQueueInts(1), osPipe: pipeInts, "pipe-half": pipeHalf},
		"mp/queue-int-2p2c":       {"ours": mpQueueInts(2)},
		"mp/queue-1KiB":           {"ours": mpQueueBlocks(1 << 10)},
		"mp/queue-1MiB":           {"ours": mpQueueBlocks(1 << 20)},
		"mp/simplequeue-int":      {"ours": mpSimpleInts(1)},
		"mp/simplequeue-1KiB":     {"ours": mpSimpleBlocks(1 << 10)},
		"mp/simplequeue-1MiB":     {"ours": mpSimpleBlocks(1 << 20)},
		"mp/simplequeue-int-2p2c": {"ours": mpSimpleInts(2)},
	}
	return all
}

// An order is what a partner is started with: what it shares with us, and where it belongs.
type order[T any] struct {
	Conn  *connection.Connection
	Core  int // -1: wherever
	Share T
}

// attend makes a function for partners of a body: for each number that comes, body(n), and its answer goes back.
func attend[T any](name string, body func(ctx context.Context, n int, share T) (int, error)) *conex.Func[order[T], struct{}] {
	return conex.Register("bench.mp."+name, func(ctx context.Context, o order[T]) (none struct{}, err error) {
		if o.Core >= 0 {
			if err := meter.PinSelf(o.Core); err != nil {
				return none, err
			}
		}
		for {
			n, err := connection.Recv[int](ctx, o.Conn)
			if errors.Is(err, io.EOF) {
				return none, nil
			}
			if err != nil {
				return none, err
			}
			sum, err := body(ctx, n, o.Share)
			if err != nil {
				return none, err
			}
			if err := connection.Send(ctx, o.Conn, sum); err != nil {
				return none, err
			}
		}
	})
}

// partners are processes that wait to be told how much to do.
type partners struct {
	conns []*connection.Connection
	procs []*multiprocessing.Process
}

// join starts one more partner.
func join[T any](p *partners, s meter.Spec, fn *conex.Func[order[T], struct{}], share T) error {
	ctx := context.Background()
	mine, theirs, err := multiprocessing.Pipe()
	if err != nil {
		return err
	}
	core := -1
	if s.Place == meter.TwoCore {
		if _, core, err = meter.Split(); err != nil {
			return err
		}
	}
	proc, err := multiprocessing.Go(ctx, fn.Bind(order[T]{theirs, core, share}))
	if err != nil {
		return err
	}
	p.procs = append(p.procs, proc)
	p.conns = append(p.conns, mine)
	return theirs.Close()
}

func (p *partners) start(n int) error {
	for _, c := range p.conns {
		if err := connection.Send(context.Background(), c, n); err != nil {
			return err
		}
	}
	return nil
}

func (p *partners) answer() (sum int, err error) {
	for _, c := range p.conns {
		n, err := connection.Recv[int](context.Background(), c)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

func (p *partners) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var errs []error
	for _, c := range p.conns {
		errs = append(errs, c.Close())
	}
	for _, q := range p.procs {
		errs = append(errs, q.Join(ctx), q.Err())
	}
	return errors.Join(errs...)
}

// with has measure run beside partners, which are gone afterwards.
func with(s meter.Spec, hire func(*partners) error, measure func(*partners) (meter.Figure, error)) (f meter.Figure, err error) {
	p := new(partners)
	defer func() { err = errors.Join(err, p.close()) }()
	if err := hire(p); err != nil {
		return f, fmt.Errorf("starting the other side: %w", err)
	}
	if err := meter.SettleCaller(s.Place); err != nil {
		return f, err
	}
	return measure(p)
}
