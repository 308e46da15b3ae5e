package multiprocessing

import (
	"crypto/rand"
	"os"
	"sync/atomic"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/self"
)

// me is this process, and parent who started it, nil in the main process.
var (
	me     = &Process{self: true, done: make(chan struct{}), name: "MainProcess", state: started, pid: os.Getpid()}
	parent atomic.Pointer[Parent]
	made   atomic.Int64 // made by this process
)

// CurrentProcess returns the process that this is: the one whose function runs,
// or that of the program itself, called MainProcess. It is alive, cannot be
// started, joined or ended, and its name, key and daemon flag are what the
// processes get that it makes.
func CurrentProcess() *Process { return me }

// nextChild numbers the processes that p, the current one, makes.
func (p *Process) nextChild() []int {
	n := int(made.Add(1))
	p.mu.Lock()
	defer p.mu.Unlock()
	return append(append(make([]int, 0, len(p.identity)+1), p.identity...), n)
}

// authKey returns the key. The main process makes its own when it is first
// needed. The caller holds mu.
func (p *Process) authKey() []byte {
	if p.key == nil {
		p.key = make([]byte, 32)
		rand.Read(p.key) // never fails
	}
	return p.key
}

func (p *Process) parentPID() int {
	if !p.self {
		return me.pid
	}
	if q := parent.Load(); q != nil {
		return q.pid
	}
	return 0
}

// handDown returns what the child that runs q gets from p, the current process.
func (p *Process) handDown(q *Process) []byte {
	q.mu.Lock()
	i := inherited{Name: q.name, Identity: q.identity, Daemon: q.daemon, Key: q.authKey()}
	q.mu.Unlock()
	return p.complete(i)
}

func (p *Process) complete(i inherited) []byte {
	i.ParentName, i.ParentPID = p.Name(), p.pid
	starts.mu.Lock()
	i.Method, i.Executable = string(starts.method), starts.executable
	starts.mu.Unlock()
	i.LogLevel, i.LogStderr = logState()
	b, _ := codec.Append(nil, &i) // all of it can be encoded
	return b
}

// become makes this process what its parent says.
func become(b []byte) error {
	var i inherited
	if _, err := codec.Read(b, &i); err != nil {
		return err
	}
	parent.Store(&Parent{name: i.ParentName, pid: i.ParentPID})
	me.mu.Lock()
	me.name, me.identity, me.daemon, me.key = i.Name, i.Identity, i.Daemon, i.Key
	me.mu.Unlock()
	starts.mu.Lock()
	starts.method, starts.executable = StartMethod(i.Method), i.Executable
	starts.mu.Unlock()
	setLogState(i.LogLevel, i.LogStderr)
	return nil
}

// Other engines' workers have names, keys and rules too.
func init() {
	self.Register(self.Source{
		Hand: func(name string, daemon bool) []byte {
			return me.complete(inherited{Name: name, Identity: me.nextChild(), Daemon: daemon, Key: me.AuthKey()})
		},
		Take: func(b []byte) { _ = become(b) },
	})
}
