// Package subproc is the seam between package subprocess and the commands that a
// test plays, package subprocesstest: neither has to know more of the other.
package subproc

import (
	"context"
	"os"
	"syscall"

	"github.com/conexgo/conex/internal/child"
)

// A Player plays programs. It is safe for concurrent use.
type Player interface {
	// Find says how a program is played: nil and no error if the real one is to
	// run. Its error is the one of the start.
	Find(ctx context.Context, s Start) (Play, error)
}

// A Play starts a process. It owns the files, also when it fails.
type Play func(Files) (Process, error)

// A Start is what is to run.
type Start struct {
	Cmd     any      // the subprocess.Cmd
	Program string   // as it was asked for
	Args    []string // what it gets
	Env     []string // what it gets, never nil
}

// Files are a process's descriptors.
type Files struct {
	Std   [3]*os.File
	Extra map[int]*os.File
}

// Close closes all of them.
func (f Files) Close() {
	for _, file := range f.Std {
		if file != nil {
			file.Close()
		}
	}
	for _, file := range f.Extra {
		file.Close()
	}
}

// A Process is what package subprocess takes for one. See its process.
type Process interface {
	PID() int
	Done() <-chan struct{}
	Status() child.Status
	Signal(os.Signal) error
	SignalGroup(syscall.Signal) error
	Kill() error
}

// key is the Player's among the values of a context.
type key struct{}

// With returns a context that has p play the programs.
func With(ctx context.Context, p Player) context.Context {
	return context.WithValue(ctx, key{}, p)
}

// From returns the context's Player, or nil.
func From(ctx context.Context) Player {
	p, _ := ctx.Value(key{}).(Player)
	return p
}
