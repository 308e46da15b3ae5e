//go:build unix

package python

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/conexgo/conex/internal/child"
	"github.com/conexgo/conex/internal/shm"
	"github.com/conexgo/conex/internal/wait"
	"golang.org/x/sys/unix"
)

// Launch starts the interpreter. What it has opened Free closes, also after an
// error; what was for the worker alone is closed here.
func (l *link) Launch() (*child.Child, error) {
	c, err := l.launch()
	if err == nil {
		return c, nil
	}
	switch {
	case errors.Is(err, syscall.ENOEXEC), errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist):
		// It is not there, or no program: that does not change by waiting.
		if _, dir := os.Stat(l.p.cfg.Dir); l.p.cfg.Dir == "" || dir == nil {
			err = fmt.Errorf("%w: %w", ErrInterpreter, err)
		} else {
			err = fmt.Errorf("python: Dir is %q: %w", l.p.cfg.Dir, err)
		}
		l.w.Pool().Fail(err)
	default:
		err = fmt.Errorf("python: starting %s: %w", l.p.interpreter, err)
	}
	return nil, err
}

func (l *link) launch() (*child.Child, error) {
	l.closing.Lock()
	defer l.closing.Unlock()
	var passed []*os.File
	defer func() {
		for _, f := range passed {
			f.Close()
		}
	}()
	control, err := l.sockets()
	if err != nil {
		return nil, err
	}
	passed = append(passed, control)
	if l.page, err = shm.NewNamed("conex-page", pageSize); err != nil {
		return nil, err
	}
	source, err := shm.NewNamed("conex_worker.py", len(workerSource))
	if err != nil {
		return nil, err
	}
	defer source.Close()
	copy(source.Mem, workerSource)
	stacks, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	l.stacks = stacks
	passed = append(passed, write)
	stdout, stderr, done, err := l.w.Streams()
	if err != nil {
		return nil, err
	}
	defer done()
	args := append([]string{l.p.interpreter}, l.p.cfg.Flags...)
	c, err := child.Start(child.Spec{
		Path:   l.p.interpreter,
		Args:   append(args, "-c", bootstrap),
		Env:    append(os.Environ(), l.p.cfg.Env...),
		Dir:    l.p.cfg.Dir,
		Files:  []*os.File{l.theirs, control, l.page.File(), source.File(), write},
		Stdout: stdout,
		Stderr: stderr,
	})
	if err != nil {
		return nil, err
	}
	l.child, l.launched = c, true
	return c, nil
}

// sockets makes T and C, and returns the worker's end of C.
func (l *link) sockets() (control *os.File, err error) {
	ours, theirs, err := socketpair(messageSocket)
	if err != nil {
		return nil, err
	}
	l.theirs = os.NewFile(uintptr(theirs), "conex-tasks")
	err = unix.SetNonblock(ours, true)
	l.tfd, l.tasks = ours, os.NewFile(uintptr(ours), "conex-tasks")
	if err == nil {
		l.rc, err = l.tasks.SyscallConn()
	}
	if err != nil {
		return nil, err
	}
	if ours, theirs, err = socketpair(unix.SOCK_STREAM); err != nil {
		return nil, err
	}
	control = os.NewFile(uintptr(theirs), "conex-control")
	if l.end, err = unix.FcntlInt(uintptr(ours), unix.F_DUPFD_CLOEXEC, 3); err == nil {
		l.conn, err = wait.Open(os.NewFile(uintptr(ours), "conex-control"))
	} else {
		unix.Close(ours)
	}
	if err != nil {
		control.Close()
		return nil, err
	}
	l.out = newOutbox(l.conn)
	return control, nil
}

func socketpair(kind int) (ours, theirs int, err error) {
	syscall.ForkLock.RLock()
	fds, err := unix.Socketpair(unix.AF_UNIX, kind, 0)
	if err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	return fds[0], fds[1], os.NewSyscallError("socketpair", err)
}

// errEnded is the error of a worker that has ended before it was ready. The pool
// knows how.
var errEnded = errors.New("python: the worker has ended before it was ready")

// Greet says hello, and waits until the worker has done what that says. What is
// wrong with it is wrong with every other worker as well: it breaks the pool.
func (l *link) Greet() error {
	h, handles, err := l.hello()
	if err != nil {
		l.w.Pool().Fail(err)
		return err
	}
	defer release(handles)
	msg, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if err := l.conn.Send(frameHello, msg, nil); err != nil {
		return l.ended(false)
	}
	for _, s := range l.table.add(handles) {
		if err := l.conn.Send(frameSegment, segmentFrame(s.ID, s.Size), s.File()); err != nil {
			return errEnded
		}
	}
	python := false
	for {
		fr, _, err := l.conn.Recv(true)
		if err != nil {
			return l.ended(python)
		}
		if fr.Type == wait.Bell {
			python = true
			continue
		}
		if fr.Type == frameLog {
			if rec, err := readLog(fr.Payload); err == nil {
				l.w.Log(rec)
			}
			continue
		}
		r, err := introduction(fr.Type, fr.Payload, l.p.interpreter)
		if err != nil {
			l.w.Pool().Fail(err)
			return err
		}
		l.dump.Store(int32(r.Dump))
		l.p.first.ready(r.Version)
		return nil
	}
}

// ended is the error of a worker that has ended before it was ready. If it is the
// first one, and nobody has killed it, no other will fare better: it is no Python, or
// the user's code has ended it.
func (l *link) ended(python bool) error {
	select {
	case <-l.child.Done():
	case <-time.After(closeTime):
		return errEnded // it has closed C, and goes on
	}
	st := l.child.Status()
	if st.Signal != 0 || l.p.first.version() != "" {
		return errEnded
	}
	err := fmt.Errorf("python: the first worker ended with exit code %d before it was ready%s", st.ExitCode, l.lastWords())
	if !python {
		err = fmt.Errorf("%w: %s ended with exit code %d instead of running Python%s", ErrInterpreter, l.p.interpreter, st.ExitCode, l.lastWords())
	}
	l.w.Pool().Fail(err)
	return err
}

// lastWords is the end of what the worker has written to standard error, for a
// message.
func (l *link) lastWords() string {
	text := strings.TrimSpace(l.w.Stderr())
	if text == "" {
		return ""
	}
	if n := len(text) - 500; n > 0 {
		text = "..." + strings.ToValidUTF8(text[n:], "")
	}
	return ": " + text
}

// hello makes what this worker is told, and returns what it refers to.
func (l *link) hello() (h hello, handles []any, err error) {
	cfg := &l.p.cfg
	h = hello{
		Protocol: protocolVersion, Name: l.w.Name(), Preload: cfg.Preload,
		MaxMemory: cfg.MaxMemory, Log: pythonLevel(l.w.Pool().LogLevel()),
	}
	h.ID, _ = strconv.Atoi(h.Name[strings.LastIndexByte(h.Name, '-')+1:])
	for _, dir := range cfg.Path {
		if dir, err = filepath.Abs(dir); err != nil {
			return h, nil, fmt.Errorf("python: Path: %w", err)
		}
		h.Path = append(h.Path, dir)
	}
	bound := func(b Bound) (*boundCall, error) {
		if b.IsZero() {
			return nil, nil
		}
		key, arg, hs, err := b.encode()
		handles = append(handles, hs...)
		return &boundCall{key, arg, len(hs) > 0}, err
	}
	if h.Init, err = bound(cfg.Init); err == nil && l.p.object != nil {
		h.Object, err = bound(l.p.object.make)
	}
	if err != nil {
		release(handles)
		return h, nil, err
	}
	return h, handles, nil
}
