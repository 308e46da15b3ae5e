package child

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"github.com/conexgo/conex/internal/futex"
)

// Spec says what to start. The zero value is useful: it starts this program
// again with the same arguments and environment, standard streams on the null
// device, and nothing else inherited.
type Spec struct {
	// Path is the program, absolute or relative to Dir; it is not looked up in
	// PATH. Empty means this program itself. On Linux that is the very image
	// that is running, also after the file was replaced or deleted on disk.
	Path string

	// Args is argv, including argv[0]. Nil means os.Args.
	Args []string

	// Env is the whole environment. Nil means os.Environ(); an empty non-nil
	// slice means no variables at all. Of several values for the same name the
	// last one holds, so that one can append to os.Environ().
	Env []string

	// Dir is the working directory. Empty means the caller's.
	Dir string

	// Files become descriptors 3, 4, ... in the child, in blocking or
	// non-blocking mode as [os.File.Fd] leaves them. A nil entry leaves its
	// number closed. Start duplicates them: the caller still owns its own and
	// should close those that were meant for the child alone, or it will never
	// see their end of file.
	Files []*os.File

	// Stdin, Stdout and Stderr become descriptors 0, 1 and 2. Nil means the
	// null device.
	Stdin, Stdout, Stderr *os.File

	// Shared leaves the child in the process group of this program, or in the
	// one that Adjust chooses, instead of in one of its own. Then the end of the
	// child does not kill the rest of the group, and Kill finds the child's
	// descendants only by their parents. On Windows it leaves the child out of
	// a job.
	Shared bool

	// Adjust, if not nil, changes what else the system is told about the new
	// process. It must leave the process group as it is, unless Shared is set;
	// a new session is a group, too.
	Adjust func(*syscall.SysProcAttr)

	// Around, if not nil, calls start, which starts the process, and returns
	// what that returned: on a thread that it chooses, or with something done
	// before or after it, when the program has begun but nobody waits for it
	// yet.
	Around func(start func() (*os.Process, error)) (*os.Process, error)

	// Ended, if not nil, is called when the child has been reaped, before Done
	// is closed. After, if not nil, is called after that, by a goroutine that
	// ends with it.
	Ended, After func()

	// Inline starts no goroutine that waits for the child. The caller calls
	// Watch, and as soon as it can: it saves the switches between goroutines.
	Inline bool
}

// A Child is a started process and the tree below it. It is created by [Start]
// only, must not be copied, and is safe for concurrent use. It needs no Close:
// everything it holds is released when Done is closed.
type Child struct {
	proc *os.Process
	done chan struct{} // closed by watch, last of all

	shared bool   // it has no process group of its own
	ended  func() // Spec.Ended
	after  func() // Spec.After

	// status is written by watch before done is closed, and read after.
	status Status

	// mu is held by whoever needs the child's number to stay its own: watch
	// reaps under mu, so while mu is held and reaped is false, the process is
	// alive or a zombie and neither its pid nor its process group can have been
	// given to anybody else.
	mu     sync.Mutex
	reaped bool // under mu
	killed bool // under mu: Kill has done its work

	sys system // what only this operating system needs
}

// Start starts a process in a process group of its own and returns as soon as
// its program has been executed, or has failed to be. The child inherits the
// descriptors listed in spec and no other, however many processes are started
// at the same time.
//
// An error matches [os.ErrNotExist], [os.ErrPermission] and so on as those of
// [os.StartProcess] do, [os.ErrClosed] for a closed file in spec, and
// [errors.ErrUnsupported] where the operating system cannot do what spec asks.
// On an error no process is left behind.
func Start(spec Spec) (*Child, error) {
	args := spec.Args
	if args == nil {
		args = os.Args
	}
	if len(args) == 0 {
		return nil, errors.New("child: Spec.Args is empty: it must hold argv[0] at least")
	}
	if err := supported(spec); err != nil {
		return nil, err
	}
	files, release, err := spec.files()
	if err != nil {
		return nil, err
	}
	defer release()

	c := &Child{done: make(chan struct{})}
	c.shared, c.ended, c.after = spec.Shared, spec.Ended, spec.After
	attr := &os.ProcAttr{Dir: spec.Dir, Env: lastValues(spec.Env), Files: files, Sys: sysProcAttr(spec.Shared)}
	if spec.Adjust != nil {
		spec.Adjust(attr.Sys)
	}
	start := func() (*os.Process, error) { return startProcess(spec.Path, args, attr) }
	if spec.Around != nil {
		c.proc, err = spec.Around(start)
	} else {
		c.proc, err = start()
	}
	if err != nil {
		if spec.Dir != "" {
			// The child's chdir and its exec fail with the same error, which
			// names the program. Name the directory if that was the reason.
			if _, dirErr := os.Stat(spec.Dir); dirErr != nil {
				return nil, fmt.Errorf("child: working directory: %w", dirErr)
			}
		}
		return nil, fmt.Errorf("child: %w", err)
	}
	if err := c.adopt(); err != nil {
		return nil, fmt.Errorf("child: %w", err)
	}
	if !spec.Inline {
		go c.watch()
	}
	return c, nil
}

// startProcess starts path, or this program itself if path is empty.
func startProcess(path string, args []string, attr *os.ProcAttr) (*os.Process, error) {
	if path != "" {
		return os.StartProcess(path, args, attr)
	}
	if selfImage != "" {
		p, err := os.StartProcess(selfImage, args, attr)
		if !errors.Is(err, os.ErrNotExist) {
			return p, err
		}
		// No /proc here (a bare chroot): the file's name is the next best.
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("cannot find this program: %w", err)
	}
	return os.StartProcess(self, args, attr)
}

// lastValues drops all but the last value of each variable; which one a program
// would see otherwise depends on its language. Nil stays nil.
func lastValues(env []string) []string {
	if env == nil {
		return nil
	}
	last := make(map[string]int, len(env))
	name := func(v string) string {
		// Windows has names that begin with an equals sign, and ignores case.
		if i := strings.IndexByte(v, '='); i > 0 {
			v = v[:i]
		} else if i == 0 {
			v = v[:1+strings.IndexByte(v[1:]+"=", '=')]
		}
		if runtime.GOOS == "windows" {
			v = strings.ToLower(v)
		}
		return v
	}
	for i, v := range env {
		last[name(v)] = i
	}
	out := make([]string, 0, len(last))
	for i, v := range env {
		if last[name(v)] == i {
			out = append(out, v)
		}
	}
	return out
}

// files lists the child's descriptors from 0 on. The caller must call release
// once the child has been started.
func (s Spec) files() (files []*os.File, release func(), err error) {
	release = func() {}
	files = make([]*os.File, 0, 3+len(s.Files))
	files = append(files, s.Stdin, s.Stdout, s.Stderr)
	files = append(files, s.Files...)
	for i, f := range files {
		// os.StartProcess would take a closed file for an intended gap.
		if f != nil && f.Fd() == ^uintptr(0) {
			return nil, release, fmt.Errorf("child: file for descriptor %d: %w", i, os.ErrClosed)
		}
	}
	if s.Stdin == nil || s.Stdout == nil || s.Stderr == nil {
		null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
		if err != nil {
			return nil, release, fmt.Errorf("child: %w", err)
		}
		release = func() { null.Close() }
		for i := range 3 {
			if files[i] == nil {
				files[i] = null
			}
		}
	}
	return files, release, nil
}

// Watch waits for the end of a child that was started with Spec.Inline, does what
// is to be done then, and closes Done. It is called once.
func (c *Child) Watch() { c.watch() }

// watch is the child's one goroutine in this process: it waits for the death,
// kills what is left of the process group, reaps, and reports. It ends with
// the child.
func (c *Child) watch() {
	c.awaitDeath()
	c.mu.Lock()
	c.status = c.reap()
	c.reaped = true
	c.mu.Unlock()
	if c.ended != nil {
		c.ended()
	}
	close(c.done)
	// What it held in shared memory may be waited for here.
	futex.Nudge()
	if c.after != nil {
		c.after()
	}
}

// PID returns the child's process id. It stays the child's own until Done is
// closed; after that the system may give it to another process, so it is good
// for messages only.
func (c *Child) PID() int { return c.proc.Pid }

// Done returns a channel that is closed once the child is dead, the rest of
// its process group has been sent SIGKILL, and the child has been reaped. What
// the child wrote before it died can be read from its pipes after Done.
func (c *Child) Done() <-chan struct{} { return c.done }

// Status says how the child died. It is valid once Done is closed, and the
// zero Status before that. It does not block.
func (c *Child) Status() Status {
	select {
	case <-c.done:
		return c.status
	default:
		return Status{}
	}
}

// Signal sends sig to the child alone, not to its tree. Where the system has
// process descriptors it goes through one, so that it can never reach another
// process which has got the same number. It returns [os.ErrProcessDone] when
// the child is dead and reaped. It does not block.
func (c *Child) Signal(sig os.Signal) error {
	return c.proc.Signal(sig)
}

// Kill sends SIGKILL to the child and to everything that it started, also to
// descendants that ignore other signals or have left its process group. It does
// not wait for the deaths, for which there is Done; it returns within fractions
// of a millisecond for a child without descendants, and in a quarter of a second
// or so at worst, when processes hang in the kernel and do not stop.
//
// Kill may be called any number of times, from any goroutine. It returns nil
// when the child is dead already, and an error when the system does not let us
// kill it (a program that changed its user). What it can find differs from
// system to system: see the package documentation.
func (c *Child) Kill() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reaped || c.killed {
		return nil
	}
	if err := c.killTree(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("child: kill %d: %w", c.PID(), err)
	}
	c.killed = true
	return nil
}

// RSS returns the memory of the child, without its descendants, that is
// resident now, in bytes. The kernel keeps this figure loosely: it may be some
// hundred KiB off. RSS returns [os.ErrProcessDone] when the child is dead, and an
// error matching [errors.ErrUnsupported] on systems other than Linux.
func (c *Child) RSS() (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reaped {
		return 0, os.ErrProcessDone
	}
	return c.rss()
}

// SetMemoryLimit is the function [SetMemoryLimit] for this child, safe against
// its number having been reused. It returns [os.ErrProcessDone] when the child
// is dead and reaped.
func (c *Child) SetMemoryLimit(bytes int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reaped {
		return os.ErrProcessDone
	}
	return SetMemoryLimit(c.PID(), bytes)
}
