package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/connection"
	"github.com/conexgo/conex/multiprocessing/connection/socket"
	"github.com/conexgo/conex/multiprocessing/managers"
	"github.com/conexgo/conex/pickle"
)

func managerParties() meter.Parties {
	return meter.Parties{
		"manager/go-go":           {"ours": managerCalls(1)},
		"manager/go-go-4":         {"ours": managerCalls(4)},
		"manager/go-go-16":        {"ours": managerCalls(16)},
		"manager/py-go":           {"ours": byClient("manager/calls", "")},
		"manager/py-go-4":         {"ours": byClient("manager/calls-4", "")},
		"manager/connect-go":      {"ours": managerConnect},
		"manager/connect-py":      {"ours": byClient("manager/connect", "127.0.0.1:0")},
		"manager/idle-connection": {"ours": managerIdle},
		"pickle/request":          {"ours": picklesOf(pickle.Tuple{"7f022fd046d0", "put", pickle.Tuple{int64(1)}, pickle.NewDict()}, pickle.Tuple{"#RETURN", nil})},
		"pickle/64KiB":            {"ours": picklesOf(blockMessage(), blockMessage())},
	}
}

// withPython are the parties of ours with Python on the other side.
var withPython = slices.Concat([]string{"manager/py-go", "manager/py-go-4", "manager/connect-py"}, slices.Collect(maps.Keys(pythonParties())))

// hosting is what a server's process is told.
type hosting struct {
	Conn    *connection.Connection
	Address string
	Core    int // -1: wherever
}

// host serves objects until the other side of the connection is closed. It sends the address when it listens.
var host = conex.Register("bench.manager.host", func(ctx context.Context, h hosting) (none struct{}, err error) {
	if h.Core >= 0 {
		if err := meter.PinSelf(h.Core); err != nil {
			return none, err
		}
	}
	s, err := managers.Listen(ctx, managers.Config{Address: h.Address})
	if err != nil {
		return none, err
	}
	if err := connection.Send(ctx, h.Conn, s.Address()); err != nil {
		return none, err
	}
	go func() {
		h.Conn.Poll(ctx) // the end of the file: nothing is sent
		s.Close()
	}()
	return none, s.Serve(ctx)
})

// benchKey is text, since Python is given it in its environment.
const benchKey = "bench"

// A hosted is a server's process.
type hosted struct {
	proc    *multiprocessing.Process
	conn    *connection.Connection
	address string
	dir     string
}

// hostAt starts a server at a TCP address, or at a unix socket if that is empty.
func hostAt(s meter.Spec, address string) (*hosted, error) {
	ctx := context.Background()
	h := &hosted{}
	if address == "" {
		var err error
		if h.dir, err = os.MkdirTemp("", "conex-bench"); err != nil {
			return nil, err
		}
		address = filepath.Join(h.dir, "manager")
	}
	multiprocessing.CurrentProcess().SetAuthKey([]byte(benchKey))
	core := -1
	if s.Place == meter.TwoCore {
		var err error
		if _, core, err = meter.Split(); err != nil {
			return nil, err
		}
	}
	mine, theirs, err := connection.Pipe()
	if err != nil {
		return nil, err
	}
	h.conn = mine
	if h.proc, err = multiprocessing.Go(ctx, host.Bind(hosting{theirs, address, core})); err != nil {
		return nil, err
	}
	theirs.Close()
	h.address, err = connection.Recv[string](ctx, mine)
	return h, err
}

func (h *hosted) close() error {
	err := errors.Join(h.conn.Close(), h.proc.Join(context.Background()))
	if h.dir != "" {
		err = errors.Join(err, os.RemoveAll(h.dir))
	}
	return err
}

// shelf is what clients share.
type shelf struct {
	d *managers.Dict[int, int]
	q *managers.Queue[int]
}

func newShelf(ctx context.Context, m *managers.Manager) (s shelf, err error) {
	if s.d, err = managers.NewDict[int, int](ctx, m, nil); err != nil {
		return s, err
	}
	s.q, err = managers.NewQueue[int](ctx, m, 0)
	return s, err
}

// rounds takes n times four calls.
func (s shelf) rounds(ctx context.Context, key, n int) (sum int, _ error) {
	for i := range n {
		if err := s.d.Set(ctx, key, i); err != nil {
			return 0, err
		}
		got, _, err := s.d.Get(ctx, key)
		if err != nil {
			return 0, err
		}
		if err := s.q.Put(ctx, i); err != nil {
			return 0, err
		}
		took, err := s.q.Get(ctx)
		if err != nil {
			return 0, err
		}
		sum += got - i + meter.Inc(took)
	}
	return sum, nil
}

// managerCalls has clients in as many goroutines.
func managerCalls(clients int) meter.Party {
	return func(s meter.Spec) (f meter.Figure, err error) {
		ctx := context.Background()
		h, err := hostAt(s, "")
		if err != nil {
			return f, err
		}
		m, err := managers.Connect(ctx, h.address, managers.ClientConfig{MaxIdle: clients})
		if err != nil {
			return f, err
		}
		shelf, err := newShelf(ctx, m)
		if err != nil {
			return f, err
		}
		f, err = meter.Bulk(max(1, s.N/4/clients), func(n int) int { return clients * meter.SumInc(n) }, func(n int) (int, error) {
			return meter.Together(clients, clients, func(lo, _ int) (int, error) { return shelf.rounds(ctx, lo, n) })
		})
		f.Value /= float64(4 * clients)
		return f, errors.Join(err, m.Close(), h.close())
	}
}

// managerConnect is a client's connect and its first proxy, over TCP.
func managerConnect(s meter.Spec) (f meter.Figure, err error) {
	ctx := context.Background()
	h, err := hostAt(s, "127.0.0.1:0")
	if err != nil {
		return f, err
	}
	f, err = meter.Calls(s, 1, func(i int) (time.Duration, error) {
		start := time.Now()
		m, err := managers.Connect(ctx, h.address, managers.ClientConfig{})
		if err != nil {
			return 0, err
		}
		d, err := managers.NewDict[int, int](ctx, m, nil)
		took := time.Since(start)
		if err != nil {
			return 0, err
		}
		err = d.Set(ctx, 1, i)
		got, _, err2 := d.Get(ctx, 1)
		if got != i {
			err = errors.Join(err, fmt.Errorf("got %d, not %d", got, i))
		}
		return took, errors.Join(err, err2, m.Close())
	})
	return f, errors.Join(err, h.close())
}

// byClient has the Python script be the client of our server, in one of its own cases.
func byClient(run, address string) meter.Party {
	return func(s meter.Spec) (f meter.Figure, err error) {
		python, script := os.Getenv(pythonEnv), os.Getenv(scriptEnv)
		if python == "" || script == "" {
			return f, errors.New("no Python")
		}
		h, err := hostAt(s, address)
		if err != nil {
			return f, err
		}
		s.Case, s.Peer = run, "client"
		cmd := exec.Command(python, append([]string{"-I", script}, s.Args()...)...)
		cmd.Env = append(os.Environ(), "CONEX_BENCH_MANAGER="+h.address, "CONEX_BENCH_KEY="+benchKey)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err == nil {
			err = json.Unmarshal(out, &f)
		}
		return f, errors.Join(err, h.close())
	}
}

// pythonEnv names the interpreter, and scriptEnv the script, for parties of ours with Python on the other side.
const (
	pythonEnv = "CONEX_BENCH_PYTHON"
	scriptEnv = "CONEX_BENCH_SCRIPT"
)

// managerIdle is the memory of the server for a connection that waits for requests.
func managerIdle(s meter.Spec) (f meter.Figure, err error) {
	ctx := context.Background()
	h, err := hostAt(s, "")
	if err != nil {
		return f, err
	}
	var conns []*connection.Connection
	serving := func(n int) error {
		for range n {
			c, err := socket.Dial(ctx, h.address, socket.Config{AuthKey: []byte(benchKey)})
			if err != nil {
				return err
			}
			conns = append(conns, c)
			if err := connection.Send(ctx, c, pickle.Tuple{nil, "accept_connection", pickle.Tuple{"idle"}, pickle.NewDict()}); err != nil {
				return err
			}
			if _, err := c.Recv(ctx); err != nil {
				return err
			}
		}
		return nil
	}
	if err := serving(20); err != nil {
		return f, err
	}
	pid, _ := h.proc.PID()
	before, err := resident(pid)
	if err != nil {
		return f, err
	}
	if err := serving(s.N); err != nil {
		return f, err
	}
	time.Sleep(200 * time.Millisecond) // as the peer does
	after, err := resident(pid)
	f.Value, f.N = float64(after-before)/float64(s.N), s.N
	for _, c := range conns {
		err = errors.Join(err, c.Close())
	}
	return f, errors.Join(err, h.close())
}

// resident is how much memory a process has in use.
func resident(pid int) (int, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	var total, pages int
	_, err = fmt.Sscan(string(b), &total, &pages)
	return pages * os.Getpagesize(), err
}

func blockMessage() pickle.Tuple {
	b := make([]byte, 64<<10)
	for i := range b {
		b[i] = byte(i)
	}
	return pickle.Tuple{"#RETURN", b}
}

// picklesOf reads a request and writes an answer.
func picklesOf(request, answer pickle.Tuple) meter.Party {
	return func(s meter.Spec) (f meter.Figure, err error) {
		data, err := pickle.Marshal(request)
		if err != nil {
			return f, err
		}
		cfg := &pickle.Config{NoCopy: true}
		var out []byte
		var back any
		return meter.Bulk(s.N, meter.Count, func(n int) (int, error) {
			for range n {
				if err := cfg.Unmarshal(data, &back); err != nil {
					return 0, err
				}
				if out, err = cfg.Append(out[:0], answer); err != nil {
					return 0, err
				}
			}
			if !pickle.Equal(back, request) {
				return 0, errors.New("another request")
			}
			return n, nil
		})
	}
}
