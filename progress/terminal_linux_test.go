package progress

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// openTerminal opens a new pseudo terminal of a width. The test reads from its
// master what is written to the terminal.
func openTerminal(t *testing.T, width uint16) (master, terminal *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	raw, err := master.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var number int
	var failed error
	err = raw.Control(func(fd uintptr) {
		if failed = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); failed != nil {
			return
		}
		number, failed = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
	})
	if err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	resize(t, master, width)
	return master, terminal
}

func resize(t *testing.T, master *os.File, width uint16) {
	t.Helper()
	raw, err := master.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: width})
	})
	if err != nil || failed != nil {
		t.Fatal(err, failed)
	}
}

// Auto picks the bar on a real terminal, as wide as that is at each draw.
func TestAutoOnTerminal(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	master, terminal := openTerminal(t, 100)
	// A read that waits for what never comes fails, instead of hanging.
	if err := master.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	tr := New(Config{Label: "work", Total: 10, Output: terminal, Refresh: time.Millisecond})
	defer tr.Finish()
	tr.Add(5)
	r := bufio.NewReader(master)
	read := func(want string) {
		t.Helper()
		var seen strings.Builder
		for !strings.Contains(seen.String(), want) {
			b, err := r.ReadByte()
			if err != nil {
				text := seen.String()
				t.Fatalf("waiting for %q: %v after ...%q", want, err, text[max(0, len(text)-200):])
			}
			seen.WriteByte(b)
		}
	}
	read("work  [===========>..........]   50%  5/10")
	resize(t, master, 30)
	tr.Add(1)
	read("\rwork   60%  6/10")
	resize(t, master, 0) // one that does not tell
	read("work  [==========>......]   60%  6/10")
	tr.Finish()
	read("\rwork: 6/10 60%, in ")
}

// Everything else gets lines.
func TestAutoElsewhere(t *testing.T) {
	_, terminal := openTerminal(t, 80)
	file, err := os.Create(t.TempDir() + "/log")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	closed, err := os.Create(t.TempDir() + "/closed")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()

	for _, tt := range []struct {
		name          string
		out           io.Writer
		term, noColor string
		want          Mode
	}{
		{"terminal", terminal, "xterm", "", Bar},
		{"terminal without TERM", terminal, "", "", Bar},
		{"dumb", terminal, "dumb", "", Lines},
		{"NO_COLOR", terminal, "xterm", "1", Lines},
		{"file", file, "xterm", "", Lines},
		{"closed file", closed, "xterm", "", Lines},
		{"nil file", (*os.File)(nil), "xterm", "", Lines},
		{"pipe", w, "xterm", "", Lines},
		{"buffer", new(bytes.Buffer), "xterm", "", Lines},
	} {
		env := map[string]string{"TERM": tt.term, "NO_COLOR": tt.noColor}
		if got := Auto.resolve(tt.out, func(k string) string { return env[k] }); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
		if got := Silent.resolve(tt.out, os.Getenv); got != Silent {
			t.Errorf("%s: Silent became %v", tt.name, got)
		}
	}
}
