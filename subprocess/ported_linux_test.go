package subprocess_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	. "github.com/conexgo/conex/subprocess"
	"golang.org/x/sys/unix"
)

func init() {
	portedRoles["closed"] = roleClosed
	portedRoles["swapped"] = roleSwapped
	portedRoles["swapped-2"] = roleSwappedTwo
	portedRoles["low-limit"] = roleLowLimit
	portedRoles["sigchld"] = roleSigchld
	portedRoles["signals"] = roleSignals
}

// A program that has lost its standard streams runs others all the same.
func TestPortedClosedStreams(t *testing.T) {
	leak.Check(t)
	for _, which := range []string{"0", "1", "2", "01", "02", "12", "012"} {
		if _, said := asRole(t, "closed:"+which, ""); said != "apple orange" {
			t.Errorf("%s closed: %s", which, said)
		}
	}
}

func roleClosed(ctx context.Context, which string) (string, error) {
	for _, c := range which {
		if err := unix.Close(int(c - '0')); err != nil {
			return "", err
		}
	}
	// Pipes and descriptors of ours now get the lowest numbers.
	for range 3 {
		cmd := shCmd("printf apple; printf orange >&2")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = DevNull, Pipe, Pipe
		p, err := Start(ctx, cmd)
		if err != nil {
			return "", err
		}
		out, errs, err := p.Communicate(ctx, nil)
		if err != nil || string(out) != "apple" || string(errs) != "orange" {
			return fmt.Sprintf("%s %s", out, errs), err
		}
	}
	return "apple orange", nil
}

// Our streams, in any order, as those of a program.
func TestPortedSwappedStreams(t *testing.T) {
	leak.Check(t)
	for _, order := range []string{"012", "021", "102", "120", "201", "210"} {
		if _, said := asRole(t, "swapped:"+order, ""); said != "got STDIN, err" {
			t.Errorf("%s: %s", order, said)
		}
	}
	for _, from := range []string{"01", "02", "12"} {
		for _, to := range []string{"01", "10", "02", "20", "12", "21"} {
			if _, said := asRole(t, "swapped-2:"+from+to, ""); said != "right" {
				t.Errorf("%s to %s: %s", from, to, said)
			}
		}
	}
}

// ownFiles puts files of ours in the place of standard streams.
func ownFiles(fds ...int) (map[int]*os.File, error) {
	dir, err := os.MkdirTemp("", "ported")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	files := map[int]*os.File{}
	for _, fd := range fds {
		f, err := os.Create(filepath.Join(dir, strconv.Itoa(fd)))
		if err != nil {
			return nil, err
		}
		if err := unix.Dup3(int(f.Fd()), fd, 0); err != nil {
			return nil, err
		}
		f.Close()
		files[fd] = os.NewFile(uintptr(fd), strconv.Itoa(fd))
	}
	return files, nil
}

func textAt(f *os.File) string {
	b := make([]byte, 100)
	n, _ := f.ReadAt(b, 0)
	return string(b[:n])
}

func roleSwapped(ctx context.Context, order string) (string, error) {
	files, err := ownFiles(0, 1, 2)
	if err != nil {
		return "", err
	}
	in, out, errs := files[int(order[0]-'0')], files[int(order[1]-'0')], files[int(order[2]-'0')]
	if _, err := in.WriteAt([]byte("STDIN"), 0); err != nil {
		return "", err
	}
	cmd := shCmd(`read x; printf 'got %s' "$x"; printf err >&2`)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, errs
	_, err = Run(ctx, cmd)
	return textAt(out) + ", " + textAt(errs), err
}

func roleSwappedTwo(ctx context.Context, order string) (string, error) {
	num := func(i int) int { return int(order[i] - '0') }
	files, err := ownFiles(num(0), num(1))
	if err != nil {
		return "", err
	}
	closed := 3 - num(0) - num(1)
	if err := unix.Close(closed); err != nil {
		return "", err
	}
	cmd := shCmd(`for fd in 0 1 2; do if [ $fd != $1 ]; then echo $fd >&$fd; fi; done`, strconv.Itoa(3-num(2)-num(3)))
	for i, to := range []int{num(2), num(3)} {
		switch from := files[num(i)]; to {
		case 0:
			cmd.Stdin = from
		case 1:
			cmd.Stdout = from
		case 2:
			cmd.Stderr = from
		}
	}
	c, err := Run(ctx, cmd)
	if err != nil || c.Code != 0 {
		return fmt.Sprint(c), err
	}
	for i := range 2 {
		if got := textAt(files[num(i)]); got != fmt.Sprintln(num(2+i)) {
			return fmt.Sprintf("descriptor %d has %q", num(i), got), nil
		}
	}
	return "right", nil
}

// Descriptors above a limit that was lowered are closed, too.
func TestPortedLoweredLimit(t *testing.T) {
	leak.Check(t)
	if _, said := asRole(t, "low-limit", ""); said != "[]" {
		t.Error("left open:", said)
	}
}

func roleLowLimit(ctx context.Context, _ string) (string, error) {
	var fds []int
	for fd := 200; fd < 240; fd++ {
		if err := unix.Dup3(0, fd, 0); err != nil {
			return "", err
		}
		fds = append(fds, fd)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return "", err
	}
	limit.Cur = 100
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return "", err
	}
	open, err := openIn(ctx, Cmd{}, fds)
	return fmt.Sprint(open), err
}

// Where SIGCHLD is ignored nobody gets to know a code.
func TestPortedSigchldIgnored(t *testing.T) {
	leak.Check(t)
	if _, said := asRole(t, "sigchld", ""); said != "ended" {
		t.Error(said)
	}
}

func roleSigchld(ctx context.Context, _ string) (string, error) {
	signal.Ignore(syscall.SIGCHLD)
	for range 5 {
		out, err := CheckOutput(ctx, Command("echo", "x"))
		if string(out) != "x\n" || err != nil {
			return string(out), err
		}
	}
	return "ended", nil
}

// SIGPIPE and SIGXFSZ, which we ignore, are not ignored in the program, unless it is told so; others stay ignored.
func TestPortedRestoreSignals(t *testing.T) {
	leak.Check(t)
	if _, said := asRole(t, "signals", ""); said != "restored: SIGHUP; kept: SIGHUP SIGPIPE SIGXFSZ" {
		t.Error(said)
	}
}

func roleSignals(ctx context.Context, _ string) (string, error) {
	signal.Ignore(syscall.SIGPIPE, syscall.SIGXFSZ, syscall.SIGHUP)
	ignored := func(keep bool) (names []string, _ error) {
		cmd := Command("grep", "SigIgn", "/proc/self/status")
		cmd.Unix.KeepSignals = keep
		out, err := CheckOutput(ctx, cmd)
		if err != nil {
			return nil, err
		}
		mask, err := strconv.ParseUint(strings.Fields(string(out))[1], 16, 64)
		for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGPIPE, syscall.SIGXFSZ} {
			if mask&(1<<(sig-1)) != 0 {
				names = append(names, unix.SignalName(sig))
			}
		}
		return names, err
	}
	restored, err := ignored(false)
	if err != nil {
		return "", err
	}
	kept, err := ignored(true)
	return fmt.Sprintf("restored: %s; kept: %s", strings.Join(restored, " "), strings.Join(kept, " ")), err
}

// A session, a group and a mask of its own.
func TestPortedSessionGroupUmask(t *testing.T) {
	leak.Check(t)
	// pid, group and session of the shell, from its stat.
	cmd := shCmd(`read pid name state ppid pgrp session rest </proc/$$/stat; echo $pid $pgrp $session`)
	ids := func(c Cmd) (pid, group, session int) {
		out, err := CheckOutput(soon(t), c)
		if err == nil {
			_, err = fmt.Sscan(string(out), &pid, &group, &session)
		}
		if err != nil {
			t.Fatal(err)
		}
		return pid, group, session
	}
	mine, err := unix.Getsid(0)
	if err != nil {
		t.Fatal(err)
	}
	own := cmd
	own.Unix.NewSession = true
	if pid, group, session := ids(own); group != pid || session != pid {
		t.Error("a session of its own:", pid, group, session)
	}
	zero := 0
	group := cmd
	group.Unix.ProcessGroup = &zero
	if pid, group, session := ids(group); group != pid || session != mine {
		t.Error("a group of its own:", pid, group, session)
	}
	ours := cmd
	pgrp := unix.Getpgrp()
	ours.Unix.ProcessGroup = &pgrp
	if _, group, session := ids(ours); group != pgrp || session != mine {
		t.Error("our group:", group, session)
	}
	mask := os.FileMode(0o053)
	touch := shCmd(": >beans")
	touch.Dir, touch.Unix.Umask = t.TempDir(), &mask
	if err := CheckCall(soon(t), touch); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(touch.Dir, "beans")); err != nil || info.Mode() != 0o624 {
		t.Error(info.Mode(), err)
	}
}

// pipeSize is the size of the pipe that is a descriptor of a process.
func pipeSize(t testing.TB, pid, fd int) int {
	t.Helper()
	f, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/%d", pid, fd), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n, err := unix.FcntlInt(f.Fd(), unix.F_GETPIPE_SZ, 0)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Pipes of the size that was asked for.
func TestPortedPipeSize(t *testing.T) {
	leak.Check(t)
	for _, want := range []int{os.Getpagesize(), 32 << 10, 1 << 20} {
		cmd := shCmd("cat")
		cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.PipeSize = Pipe, Pipe, Pipe, want
		p := begun(t, cmd)
		for fd := range 3 {
			if got := pipeSize(t, p.PID(), fd); got != want {
				t.Errorf("%d: %d, not %d", fd, got, want)
			}
		}
		p.Communicate(soon(t), nil)
	}
}

// Without a size pipes that are handed to the caller have the system's.
func TestPortedPipeSizeDefault(t *testing.T) {
	leak.Check(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	cmd := shCmd("cat")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = Pipe, Pipe, Pipe
	p := begun(t, cmd)
	want := pipeSize(t, os.Getpid(), int(r.Fd()))
	for fd := range 3 {
		if got := pipeSize(t, p.PID(), fd); got != want {
			t.Errorf("%d: %d, not %d", fd, got, want)
		}
	}
	p.Communicate(soon(t), nil)
}

// Who is stopped has not ended, and goes on when it is told to.
func TestPortedStopped(t *testing.T) {
	leak.Check(t)
	cmd := shCmd("echo x; read x; exit 4")
	cmd.Stdin, cmd.Stdout = Pipe, Pipe
	p := begun(t, cmd)
	if _, err := p.Stdout.Read(make([]byte, 2)); err != nil {
		t.Fatal(err)
	}
	p.Stdout.Close()
	if err := p.SendSignal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	p.Stdin.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if code, err := p.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(code, err)
	}
	if err := p.SendSignal(syscall.SIGCONT); err != nil {
		t.Error(err)
	}
	ended(t, p, 4)
}
