package multiprocessing

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/conexgo/conex"
)

// A StartMethod is a way to start processes. It is what Python calls it.
type StartMethod string

// The start methods.
const (
	// DefaultStartMethod stands for the program's method, see
	// [GetStartMethod].
	DefaultStartMethod StartMethod = ""

	// Spawn starts this program again for each process, which costs a
	// millisecond for a small program and does not depend on how much memory
	// the parent has. It is the default everywhere.
	Spawn StartMethod = "spawn"

	// ForkServer takes a process from a stock that was started ahead, see
	// [ForkServerConfig]: it costs a fraction of a millisecond as long as the
	// stock lasts, and as much as Spawn beyond that.
	ForkServer StartMethod = "forkserver"

	// Fork is refused everywhere: see [AllStartMethods].
	Fork StartMethod = "fork"
)

// starts is the program's choice.
var starts struct {
	mu         sync.Mutex
	method     StartMethod // protected by mu; "" while nobody has chosen
	executable string      // protected by mu; "" is this program
}

var errFork = fmt.Errorf("%w \"fork\": the copy of a process that has several threads, as every Go program has, "+
	"would have one of them only and could not go on: use Spawn, or ForkServer for speed: %w", ErrStartMethod, errors.ErrUnsupported)

// check answers an error that matches ErrStartMethod for what cannot be used.
func (m StartMethod) check() error {
	switch {
	case m == Fork:
		return errFork
	case !slices.Contains(AllStartMethods(), m):
		return fmt.Errorf("%w %s: there is none of that name, only %q", ErrStartMethod, strconv.Quote(string(m)), AllStartMethods())
	}
	return nil
}

// AllStartMethods returns the methods that can be used, the default first.
// [Fork] is never among them: the system's fork copies the calling thread only,
// and a Go program, whose runtime has threads of its own, cannot go on without
// the others. What Python uses it for, to start fast, [ForkServer] does.
func AllStartMethods() []StartMethod { return []StartMethod{Spawn, ForkServer} }

// SetStartMethod chooses the method of all processes that are not given another
// one by [WithContext]. It is meant for the beginning of the main function, and
// can be done once: again it answers an error that matches [ErrStartMethod], as
// it does for a name that it does not know. [DefaultStartMethod] chooses the
// default. Children have their parent's choice. Safe for concurrent use.
func SetStartMethod(m StartMethod) error {
	if m == DefaultStartMethod {
		m = AllStartMethods()[0]
	}
	if err := m.check(); err != nil {
		return err
	}
	starts.mu.Lock()
	defer starts.mu.Unlock()
	if starts.method != "" {
		return fmt.Errorf("%w: it has been set to %q before: ForceStartMethod changes it", ErrStartMethod, starts.method)
	}
	starts.method = m
	return nil
}

// ForceStartMethod is [SetStartMethod] for programs that change their mind.
// [DefaultStartMethod] takes the choice back, so that SetStartMethod can be
// called again. Processes that run already are not affected.
func ForceStartMethod(m StartMethod) error {
	if m != DefaultStartMethod {
		if err := m.check(); err != nil {
			return err
		}
	}
	starts.mu.Lock()
	defer starts.mu.Unlock()
	starts.method = m
	return nil
}

// GetStartMethod returns the program's method. If nobody has chosen one it is
// the default from now on: see [StartMethodSet] to ask without that.
func GetStartMethod() StartMethod {
	starts.mu.Lock()
	defer starts.mu.Unlock()
	if starts.method == "" {
		starts.method = AllStartMethods()[0]
	}
	return starts.method
}

// StartMethodSet returns the program's method, and whether there is one yet.
func StartMethodSet() (StartMethod, bool) {
	starts.mu.Lock()
	defer starts.mu.Unlock()
	return starts.method, starts.method != ""
}

// SetExecutable makes path the program that children run, "" this program
// itself, which is the default: on Linux the very image that runs, also after
// its file was replaced. Another program must begin with conex.Main or
// conex.Init as well and must have the functions that it is to run: Start
// answers an error if it has not. Children inherit the choice. Safe for
// concurrent use.
func SetExecutable(path string) {
	starts.mu.Lock()
	starts.executable = path
	starts.mu.Unlock()
	stock.flush()
}

// FreezeSupport is conex.Init under the name that Python has for it: the first
// line of main in a program that does not use conex.Main. In a child it serves
// the parent and never returns. Every Go program is what Python calls frozen, so
// it is needed by all that start processes.
func FreezeSupport() { conex.Init() }

func executable() string {
	starts.mu.Lock()
	defer starts.mu.Unlock()
	return starts.executable
}
