package multiprocessing

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/conexgo/conex"
)

// A Process is a function that runs in a process of its own. It is made by
// [New], started once by [Process.Start], and waited for by [Process.Join]; the
// zero Process cannot be used. It must not be copied and cannot be sent to
// another process. All its methods are safe for concurrent use.
//
// What happened before Start synchronizes before the function's beginning, and
// the end of the process synchronizes before the return of a Join that waited
// for it; that matters for what they share, as memory from package
// sharedmemory.
type Process struct {
	target   conex.Bound
	ctx      Context
	identity []int
	grace    time.Duration
	self     bool          // this very process
	done     chan struct{} // closed once it has ended, after the fields of the end were written

	mu     sync.Mutex // protects what follows
	name   string
	daemon bool
	key    []byte
	state  state
	link   *link // while it runs
	pid    int   // 0 before it runs
	code   int   // valid once ended
	err    error // valid once ended
}

type state uint8

const (
	initial state = iota
	starting
	started
	stopped
	closed
)

func (s state) String() string {
	return [...]string{"initial", "starting", "started", "stopped", "closed"}[s]
}

// An Option changes a process when it is made, by [New] or [Go].
type Option interface{ apply(*Process) }

type option func(*Process)

func (o option) apply(p *Process) { o(p) }

// WithName gives the process a name: any string, also one that another process
// has. Without it the name tells the descent: Process-1:2 is the second process
// that the first one of the main process has made, and SpawnProcess-3 one made
// with a [Context] for that method.
func WithName(name string) Option { return option(func(p *Process) { p.name = name }) }

// WithDaemon says whether the process is a daemon: one that may have no children
// and is ended, not waited for, when its parent ends. Without it a process is
// what its creator is.
func WithDaemon(daemon bool) Option { return option(func(p *Process) { p.daemon = daemon }) }

// WithContext makes the process start as ctx says.
func WithContext(ctx Context) Option { return option(func(p *Process) { p.ctx = ctx }) }

// defaultGrace is that of futures/process.
const defaultGrace = time.Second

// WithGrace sets how long the process may go on after the context of its Start
// has ended, before it is killed with all that it started. Without it, and for
// 0, it is a second; a negative grace kills at once.
func WithGrace(d time.Duration) Option { return option(func(p *Process) { p.grace = d }) }

// New makes a process that will call target, a registered function with its
// argument:
//
//	p := multiprocessing.New(Greet.Bind("bob"))
//
// It starts nothing yet. The zero conex.Bound makes a process that does nothing.
// The argument is encoded by Start: it must not change until then.
func New(target conex.Bound, opts ...Option) *Process {
	me := CurrentProcess()
	p := &Process{target: target, identity: me.nextChild(), done: make(chan struct{})}
	me.mu.Lock()
	p.daemon, p.key = me.daemon, me.authKey()
	me.mu.Unlock()
	for _, o := range opts {
		o.apply(p)
	}
	if p.grace == 0 {
		p.grace = defaultGrace
	}
	if p.name == "" {
		var b strings.Builder
		b.WriteString(p.ctx.prefix())
		for i, n := range p.identity {
			b.WriteByte("-:"[min(i, 1)])
			b.WriteString(strconv.Itoa(n))
		}
		p.name = b.String()
	}
	return p
}

// Go is New and Start in one.
func Go(ctx context.Context, target conex.Bound, opts ...Option) (*Process, error) {
	p := New(target, opts...)
	if err := p.Start(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// Run calls the function here, in this process, on the caller's goroutine, and
// returns its error. It starts nothing, and can be called at any time.
func (p *Process) Run(ctx context.Context) error { return p.target.Call(ctx) }

// Name returns the name, also of a closed process.
func (p *Process) Name() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.name
}

// SetName changes the name. A process that runs already does not learn of it.
func (p *Process) SetName(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.name = name
}

// Daemon reports whether the process is a daemon: see [WithDaemon].
func (p *Process) Daemon() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.daemon
}

// SetDaemon changes that. Once the process was started it answers
// [ErrAlreadyStarted].
func (p *Process) SetDaemon(daemon bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state != initial {
		return p.misuse(ErrAlreadyStarted)
	}
	p.daemon = daemon
	return nil
}

// AuthKey returns a copy of the process's key, with which connections prove
// that they belong to the same program. In the main process it is random;
// children inherit that of the process that made them.
func (p *Process) AuthKey() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]byte(nil), p.authKey()...)
}

// SetAuthKey changes the key. That of [CurrentProcess] is handed down to the
// processes that are made from then on; a process that runs already does not
// learn of it.
func (p *Process) SetAuthKey(key []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.key = append([]byte{}, key...)
}

// PID returns the number that the system has given to the process, and whether
// it has one: it was started and not yet closed. Once the process has ended the
// system may give the number to another one.
func (p *Process) PID() (int, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pid, p.pid != 0 && p.state != closed
}

// String shows name, numbers, state and exit code, in Python's form.
func (p *Process) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	kind := p.ctx.prefix()
	if p.self && len(p.identity) == 0 {
		kind = "MainProcess"
	}
	fmt.Fprintf(&b, "<%s name='%s'", kind, p.name)
	if p.pid != 0 && p.state != closed {
		fmt.Fprintf(&b, " pid=%d", p.pid)
	}
	if n := p.parentPID(); n != 0 {
		fmt.Fprintf(&b, " parent=%d", n)
	}
	b.WriteByte(' ')
	b.WriteString(p.state.String())
	switch {
	case p.state == stopped && p.code < 0:
		fmt.Fprintf(&b, " exitcode=-%s", signalName(-p.code))
	case p.state == stopped:
		fmt.Fprintf(&b, " exitcode=%d", p.code)
	}
	if p.daemon {
		b.WriteString(" daemon")
	}
	b.WriteByte('>')
	return b.String()
}

// misuse says which process err is about. The caller holds mu.
func (p *Process) misuse(err error) error { return fmt.Errorf("%w (%s)", err, p.name) }
