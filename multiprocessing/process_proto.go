package multiprocessing

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/propagate"
	"github.com/conexgo/conex/internal/shm"
	"github.com/conexgo/conex/internal/wire"
)

// kind is what a child that runs a Process is called in package worker. It has
// one descriptor more than the three streams: the socket, number 3, which is
// the life line as well. Whoever reads end of file there knows that the other
// side is dead.
const kind = "process"

// Frames from the parent to the child.
const (
	msgPreload   = 1 // preload: functions to run before there is anything to do
	msgFile      = 2 // one byte, a role, with a descriptor: standard stream or working directory
	msgHandle    = 3 // u64 id, u64 size, with a descriptor: memory that the argument refers to
	msgArg       = 4 // a piece of the argument
	msgHello     = 5 // hello: begin
	msgInterrupt = 7 // Process.Interrupt
	msgCancel    = 6 // one byte, 1 if its deadline passed, and the cause: the context of Start has ended
)

// Frames from the child to the parent.
const (
	msgPreloaded = 1 // the preloaded functions have run: text of what failed
	msgBegun     = 2 // the function runs from now on
	msgRefused   = 3 // it does not, and never will: text
	msgEnded     = 4 // the error that the function returned
)

// largeArg is from where on an argument goes by shared memory.
const largeArg = 32 << 10

// Roles of a file.
const (
	roleStdout = 1
	roleStderr = 2
	roleDir    = 3
)

// inherited is what every child gets from its parent: see package self. Both
// are the same program, so the default codec is its format.
type inherited struct {
	Name       string
	Identity   []int
	Daemon     bool
	Key        []byte
	ParentName string
	ParentPID  int
	Method     string // "" if none is set
	Executable string
	LogLevel   int
	LogStderr  bool
}

// hello tells a child what to run.
type hello struct {
	Self []byte // inherited

	HasTarget bool
	Func      string
	Sig       string
	Arg       []byte
	Large     int      // if set, Arg is in the last of the msgHandles, and so long
	Handles   []uint32 // of each handle in the argument, which of the msgHandles before it has it

	Cancellable bool
	Deadline    int64  // Unix nanoseconds, 0 for none
	Values      []byte // of the context, from the propagators

	// What has changed since the child was started.
	HasEnv   bool
	Env      []string
	HasUmask bool
	Umask    int
}

// A call is a hello with what goes before it, ready to be sent, also more than
// once.
type call struct {
	hello
	handles []*shm.Shared // one reference each
}

// newCall encodes what p is to do. The caller releases it.
func (p *Process) newCall(ctx context.Context) (*call, error) {
	c := &call{}
	if !p.target.IsZero() {
		var e codec.Encoder
		id, err := p.target.Encode(&e)
		c.take(e.Handles)
		if err != nil {
			c.release()
			return nil, about(fmt.Sprintf("%s cannot take the argument of %q along", p.Name(), p.target.Name()), err)
		}
		c.HasTarget, c.Func, c.Sig = true, p.target.Name(), wire.Entries()[id].Sig
		if err := c.setArg(e.Buf); err != nil {
			c.release()
			return nil, about("the argument of "+p.Name(), err)
		}
	}
	var err error
	if c.Values, err = propagate.Inject(ctx); err != nil {
		c.release()
		return nil, about(p.Name()+" cannot take its context along", err)
	}
	c.Cancellable = ctx.Done() != nil
	if d, ok := ctx.Deadline(); ok {
		c.Deadline = d.UnixNano()
	}
	c.Self = CurrentProcess().handDown(p)
	return c, nil
}

// take takes over what travels beside the argument. Objects that lie in the same
// memory need its descriptor once.
func (c *call) take(handles []any) {
	sent := make(map[uint64]uint32)
	for _, h := range handles {
		s := h.(*shm.Shared)
		i, known := sent[s.ID]
		if known {
			s.Release()
		} else {
			i = uint32(len(c.handles))
			sent[s.ID] = i
			c.handles = append(c.handles, s)
		}
		c.Handles = append(c.Handles, i)
	}
}

// setArg takes the argument in.
func (c *call) setArg(b []byte) error {
	if len(b) < largeArg {
		c.Arg = b
		return nil
	}
	m, err := shm.NewShared(len(b))
	if err != nil {
		return err
	}
	copy(m.Mem(), b)
	c.handles = append(c.handles, m)
	c.Large = len(b)
	return nil
}

func (c *call) release() {
	for _, s := range c.handles {
		s.Release()
	}
	c.handles = nil
}

// deadline is the other side of Deadline.
func (h *hello) deadline() (time.Time, bool) { return time.Unix(0, h.Deadline), h.Deadline != 0 }

// handleMessage is the payload of msgHandle.
func handleMessage(s *shm.Shared) []byte {
	b := binary.LittleEndian.AppendUint64(nil, s.ID)
	return binary.LittleEndian.AppendUint64(b, uint64(s.Size))
}
