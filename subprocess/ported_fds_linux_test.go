package subprocess_test

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/conexgo/conex/internal/leak"
	. "github.com/conexgo/conex/subprocess"
	"golang.org/x/sys/unix"
)

// open lists which of the numbers are open descriptors of the shell that runs it.
const openScript = `for fd in "$@"; do if [ -e /proc/$$/fd/$fd ]; then echo $fd; fi; done`

func openIn(ctx context.Context, cmd Cmd, fds []int) (open []int, _ error) {
	cmd.Args = []string{"sh", "-c", openScript, "sh"}
	for _, fd := range fds {
		cmd.Args = append(cmd.Args, strconv.Itoa(fd))
	}
	out, err := CheckOutput(ctx, cmd)
	for _, word := range strings.Fields(string(out)) {
		fd, err := strconv.Atoi(word)
		if err != nil {
			return nil, err
		}
		open = append(open, fd)
	}
	return open, err
}

// inheritable opens files without close-on-exec, as C code does.
func inheritable(t testing.TB, n int) (files []*os.File, fds []int) {
	t.Helper()
	for range n {
		fd, err := unix.Open(os.DevNull, unix.O_RDONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		f := os.NewFile(uintptr(fd), os.DevNull)
		t.Cleanup(func() { f.Close() })
		files, fds = append(files, f), append(fds, fd)
	}
	return files, fds
}

func TestPortedDescriptors(t *testing.T) {
	leak.Check(t)
	files, fds := inheritable(t, 10)
	if got, err := openIn(soon(t), Cmd{KeepFiles: true}, fds); !slices.Equal(got, fds) || err != nil {
		t.Errorf("KeepFiles: %v of %v, %v", got, fds, err)
	}
	if got, err := openIn(soon(t), Cmd{}, fds); len(got) > 0 || err != nil {
		t.Errorf("left open: %v, %v", got, err)
	}
	for i, f := range files {
		got, err := openIn(soon(t), Cmd{ExtraFiles: map[int]*os.File{fds[i]: f}}, fds)
		if !slices.Equal(got, fds[i:i+1]) || err != nil {
			t.Errorf("%d alone: %v, %v", fds[i], got, err)
		}
	}
	some := map[int]*os.File{}
	for i := 0; i < 10; i += 2 {
		some[fds[i]] = files[i]
	}
	want := []int{fds[0], fds[2], fds[4], fds[6], fds[8]}
	if got, err := openIn(soon(t), Cmd{ExtraFiles: some}, fds); !slices.Equal(got, want) || err != nil {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	// Ours are what they were.
	for _, fd := range fds {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); flags != 0 || err != nil {
			t.Errorf("descriptor %d has flags %d, %v", fd, flags, err)
		}
	}
}

// Close-on-exec or not, what is asked for is passed; also what is a standard stream at the same time.
func TestPortedPassedDescriptors(t *testing.T) {
	leak.Check(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	rfd, wfd := int(r.Fd()), int(w.Fd())
	got, err := openIn(soon(t), Cmd{ExtraFiles: map[int]*os.File{rfd: r, wfd: w}}, []int{rfd, wfd})
	if !slices.Equal(got, []int{rfd, wfd}) || err != nil {
		t.Error(got, err)
	}
	for _, fd := range []int{rfd, wfd} {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); flags != unix.FD_CLOEXEC || err != nil {
			t.Errorf("descriptor %d has flags %d, %v", fd, flags, err)
		}
	}
	cmd := shCmd(`echo one; echo three >/proc/self/fd/$1; echo two >&2`, strconv.Itoa(wfd))
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = w, w, map[int]*os.File{wfd: w}
	if c, err := Run(soon(t), cmd); c.Code != 0 || err != nil {
		t.Fatal(c, err)
	}
	buf := make([]byte, 100)
	if n, err := r.Read(buf); string(buf[:n]) != "one\nthree\ntwo\n" || err != nil {
		t.Errorf("%q, %v", buf[:n], err)
	}
}

// The ends of one program's pipes are not in the next one, so that the first sees its end of file.
func TestPortedPipesAreApart(t *testing.T) {
	leak.Check(t)
	cat := Command("cat")
	cat.Stdin, cat.Stdout, cat.KeepFiles = Pipe, Pipe, true
	first := begun(t, cat)
	second := begun(t, Cmd{Args: []string{"cat"}, Stdin: first.Stdout, Stdout: Pipe, KeepFiles: true})
	first.Stdout.Close()
	if _, err := first.Stdin.Write([]byte("zxcvbn\n")); err != nil {
		t.Fatal(err)
	}
	first.Stdin.Close()
	if out, _, err := second.Communicate(soon(t), nil); string(out) != "zxcvbn\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	ended(t, first, 0)
}
