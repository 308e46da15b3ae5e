package managers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/watch"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/connection"
)

// ErrTypesName says that a Types cannot be used by [Start], since a child
// process would not find it.
var ErrTypesName = errors.New("managers: Start needs a Types with a name: NewTypes(\"name\", …)")

// A StartOption changes how [Start] starts a server's process.
type StartOption func(*starting)

// starting is what the options of Start change.
type starting struct {
	init    conex.Bound
	timeout time.Duration
	process []multiprocessing.Option
}

// WithInitializer has the server's process call a function before it listens:
// Python's initializer and initargs. Its error is Start's.
func WithInitializer(f conex.Bound) StartOption {
	return func(s *starting) { s.init = f }
}

// WithShutdownTimeout sets how long [Manager.Shutdown] waits for the end of the
// process after it has asked for it, and again after SIGTERM, before it goes
// on to SIGKILL. Without it, and for 0, it is a second; a negative one does not
// wait.
func WithShutdownTimeout(d time.Duration) StartOption {
	return func(s *starting) { s.timeout = d }
}

// WithProcess passes options on to the process, such as its start method.
func WithProcess(opts ...multiprocessing.Option) StartOption {
	return func(s *starting) { s.process = append(s.process, opts...) }
}

const defaultShutdown = time.Second

// Start starts a server in a process of its own and connects to it: Python's
// BaseManager.start and multiprocessing.Manager(). With the zero Config it
// serves what SyncManager does.
//
//	m, err := managers.Start(ctx, managers.Config{})
//	...
//	defer m.Close()
//
// The process is this program, started again, so the program needs conex.Main
// or conex.Init. It finds Config.Types by the name that [NewTypes] was given:
// everything must be registered while the program initialises, before conex.Main.
// Without an address it listens at a socket in a directory that only this user
// can enter. What cannot be sent to a process, which is TLS, Executor and Logger,
// must not be set; Serializer must be pickle, since Managers speak nothing else.
//
// The server ignores Ctrl-C. It ends by [Manager.Shutdown] or [Manager.Close],
// at the end of conex.Main, when a client asks for it, and when this process
// dies, also of a kill -9: then it removes its socket and unlinks the shared
// memory that it keeps. ctx is for the starting only.
//
// Processes that were started by this one have the same authkey and connect to
// [Manager.Address]. A Manager itself cannot be sent.
//
// Errors: ErrTypesName, ErrNoAuthKey, the initialiser's, those of
// [multiprocessing.Process.Start] (ErrDaemonChild in a daemon, say), and what
// the address is at fault for. After an error no process is left.
func Start(ctx context.Context, cfg Config, opts ...StartOption) (*Manager, error) {
	s := starting{timeout: defaultShutdown}
	for _, o := range opts {
		o(&s)
	}
	if s.timeout == 0 {
		s.timeout = defaultShutdown
	}
	arg, err := newServerArg(cfg, s.init)
	if err != nil {
		return nil, err
	}
	recv, send, err := connection.OneWayPipe()
	if err != nil {
		return nil, fmt.Errorf("managers: Start: %w", err)
	}
	defer recv.Close()
	defer send.Close()
	arg.Ready = send

	p := multiprocessing.New(serveChild.Bind(arg), s.process...)
	if name := p.Name(); strings.Contains(name, "Process-") {
		p.SetName(arg.Types + name[strings.LastIndex(name, "Process-")+len("Process"):])
	}
	// Who starts it cannot end it but by Shutdown: an interrupted program may
	// need its manager to come to its end.
	if err := p.Start(context.WithoutCancel(ctx)); err != nil {
		return nil, fmt.Errorf("managers: Start: %w", err)
	}
	send.Close() // so that the child's end is the end of the pipe
	// The process keeps arg, and what is in it may be descriptors.
	arg.Ready, arg.Init = nil, nil
	address, err := connection.Recv[string](ctx, recv)
	if err != nil {
		return nil, notStarted(ctx, p, err)
	}
	dir := ""
	if cfg.Address == "" {
		dir = filepath.Dir(address)
	}
	o := newOwner(p, s.timeout, dir)
	m, err := Connect(ctx, address, ClientConfig{AuthKey: arg.AuthKey})
	if err != nil {
		o.end(context.Background(), nil)
		return nil, fmt.Errorf("managers: Start: %w", err)
	}
	o.adopt(m)
	return m, nil
}

// notStarted ends what has not become a server, and says why.
func notStarted(ctx context.Context, p *multiprocessing.Process, err error) error {
	if !errors.Is(err, io.EOF) {
		p.Kill()
	}
	p.Join(context.WithoutCancel(ctx))
	if ctx.Err() != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("managers: Start: %w", watch.Reason(ctx))
	}
	if why := p.Err(); why != nil {
		err = why
	}
	return fmt.Errorf("managers: Start: %s: %w", p.Name(), err)
}

// removeDir removes the directory of a socket, as a killed server leaves it.
func removeDir(dir string) {
	if dir != "" {
		os.RemoveAll(dir)
	}
}
