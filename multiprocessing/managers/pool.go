package managers

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/multiprocessing/pool"
	"github.com/conexgo/conex/pickle"
)

// PoolType is Python's Pool: workers of the server's that run the functions
// which the program has registered with [Function]. By default they are
// goroutines; see Config.Executor.
//
// Only names of functions arrive from Python, so iterables have to be values: a
// list, not a generator. A callback must be a method of a proxy for an object of
// the same server, such as results.append: other functions would have to run
// in the client. maxtasksperchild is checked, and means nothing to goroutines;
// nor does context. A failing item does not take the rest of its chunk along.
//
// A pool that no client refers to any more takes no more calls; it is
// terminated when nobody can ask for its results either. A call of apply, map or
// starmap whose client goes away is given up: its context ends.
var PoolType = newType(poolClass, makePool)

var poolClass = &class{
	name: "multiprocessing.pool.Pool",
	methods: map[string]method{
		"apply":          poolApply,
		"apply_async":    poolApplyAsync,
		"map":            poolMap(false),
		"map_async":      poolMapAsync(false),
		"starmap":        poolMap(true),
		"starmap_async":  poolMapAsync(true),
		"imap":           poolIMap(true),
		"imap_unordered": poolIMap(false),
		"close": func(c *call, self any) (any, error) {
			_, err := sigPoolClose.bind(c)
			if err == nil {
				self.(*hostPool).end("CLOSE")
			}
			return nil, err
		},
		"terminate": func(c *call, self any) (any, error) {
			_, err := sigPoolTerminate.bind(c)
			if err == nil {
				self.(*hostPool).end("TERMINATE")
			}
			return nil, err
		},
		"join": func(c *call, self any) (any, error) {
			if _, err := sigPoolJoin.bind(c); err != nil {
				return nil, err
			}
			return nil, poolError("join", self.(*hostPool).p.Join(c.ctx))
		},
	},
	exposed: []string{
		"apply", "apply_async", "close", "imap", "imap_unordered", "join",
		"map", "map_async", "starmap", "starmap_async", "terminate",
	},
	proxies: map[string]string{
		"apply_async": "AsyncResult", "map_async": "AsyncResult", "starmap_async": "AsyncResult",
		"imap": "Iterator", "imap_unordered": "Iterator",
	},
	repr:  func(self any) string { return self.(*hostPool).String() },
	close: func(self any) { self.(*hostPool).abandon() },
}

var (
	sigPool          = sign("Pool", "processes=None", "initializer=None", "initargs=?", "maxtasksperchild=None", "context=None")
	sigPoolClose     = sign("close")
	sigPoolTerminate = sign("terminate")
	sigPoolJoin      = sign("join")
	sigPoolApply     = sign("apply", "func", "args=?", "kwds=?", "callback=None", "error_callback=None")
	sigPoolMap       = sign("map", "func", "iterable", "chunksize=None", "callback=None", "error_callback=None")
	sigPoolIMap      = sign("imap", "func", "iterable", "chunksize=1")
)

// Functions that run in worker processes fail with exceptions, too.
func init() { conex.RegisterType[*pickle.Exception]("pickle.Exception") }

// A hostPool is a pool with who needs it: the object that clients have a proxy
// for, and the results that can be asked for.
type hostPool struct {
	p     pool.AnyPool
	types *Types
	of    *poolSet

	mu    sync.Mutex
	state string
	users int
}

func makePool(c *call) (any, error) {
	got, err := sigPool.bind(c)
	if err != nil {
		return nil, err
	}
	n := runtime.GOMAXPROCS(0)
	if got[0] != nil {
		if err := pickle.Assign(&n, got[0]); err != nil {
			return nil, pickle.TypeError.Newf("processes: %v", err)
		}
	}
	if n < 1 {
		return nil, pickle.ValueError.New("Number of processes must be at least 1")
	}
	if n > maxPool {
		return nil, pickle.ValueError.Newf("Number of processes must be at most %d", maxPool)
	}
	if got[3] != nil {
		if m, ok := got[3].(int64); !ok || m <= 0 {
			return nil, pickle.ValueError.New("maxtasksperchild must be a positive int or None")
		}
	}
	h := &hostPool{types: c.srv.types, of: &c.srv.pools, state: "RUN", users: 1}
	if c.srv.cfg.Executor != nil {
		if got[1] != nil {
			return nil, pickle.NotImplementedError.New("initializer: the pools of this server run on an executor of its own, which has none")
		}
		ex, err := c.srv.cfg.Executor(n)
		if err != nil {
			return nil, err
		}
		if h.p, err = pool.Over(ex); err != nil {
			return nil, err
		}
		h.of.add(h)
		return h, nil
	}
	cfg := pool.ThreadConfig{Processes: n}
	if got[1] != nil {
		if cfg.Initializer, err = h.initializer(got[1], got[2]); err != nil {
			return nil, err
		}
	}
	if h.p, err = pool.NewThreadPool(cfg); err != nil {
		return nil, err
	}
	h.of.add(h)
	return h, nil
}

// maxPool bounds what a client may ask for.
const maxPool = 1 << 16

// initializer returns what runs once in each worker.
func (h *hostPool) initializer(fn, initargs any) (func(context.Context) error, error) {
	f, err := h.types.function(fn)
	if err != nil {
		return nil, err
	}
	args, err := poolArgs(initargs)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error { return f.call(ctx, args) }, nil
}

// end closes or terminates the pool.
func (h *hostPool) end(state string) {
	h.mu.Lock()
	if h.state != "TERMINATE" {
		h.state = state
	}
	h.mu.Unlock()
	if state == "CLOSE" {
		h.p.Close()
	} else {
		h.p.Terminate()
	}
}

// use says that somebody will ask for a result; release that nobody does.
func (h *hostPool) use() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.users++
}

func (h *hostPool) release() {
	h.mu.Lock()
	h.users--
	last := h.users == 0
	h.mu.Unlock()
	if last {
		h.p.Terminate()
		go h.of.remove(h)
	}
}

// abandon is for the pool whose last proxy is gone.
func (h *hostPool) abandon() {
	h.p.Close()
	h.release()
}

func (h *hostPool) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return fmt.Sprintf("<multiprocessing.pool.Pool state=%s pool_size=%d>", h.state, h.p.Processes())
}

// running is Python's check that comes before all others.
func (h *hostPool) running() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state != "RUN" {
		return pickle.ValueError.New("Pool not running")
	}
	return nil
}

// A poolSet has the pools of a server whose workers have not ended yet.
type poolSet struct {
	mu   sync.Mutex
	live map[*hostPool]struct{}
}

func (s *poolSet) add(h *hostPool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live == nil {
		s.live = map[*hostPool]struct{}{}
	}
	s.live[h] = struct{}{}
}

// remove waits for the workers of a terminated pool.
func (s *poolSet) remove(h *hostPool) {
	h.p.Join(context.Background())
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.live, h)
}

// close terminates all pools and waits for them.
func (s *poolSet) close() {
	s.mu.Lock()
	all := slices.Collect(maps.Keys(s.live))
	s.mu.Unlock()
	for _, h := range all {
		h.p.Terminate()
	}
	for _, h := range all {
		s.remove(h)
	}
}
