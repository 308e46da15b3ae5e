//go:build unix

package multiprocessing_test

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/child"
	"github.com/conexgo/conex/internal/leak"
	mp "github.com/conexgo/conex/multiprocessing"
)

var surroundings = conex.Register("test/forkserver/surroundings", func(_ context.Context, m *mail) (none, error) {
	dir, err := os.Getwd()
	orExit(os.WriteFile("file", nil, 0o666))
	m.send(dir, err, os.Getenv("TEST_NEW"), os.Getenv("TEST_OLD") == "", len(os.Environ()))
	fmt.Println("to stdout")
	fmt.Fprintln(os.Stderr, "to stderr")
	return none{}, nil
})

// What has changed since a process of the stock was started is brought up to
// date before it is used.
func TestStockFollows(t *testing.T) {
	leak.Check(t)
	t.Setenv("TEST_OLD", "1")
	stockOf(t, mp.ForkServerConfig{Stock: 1})
	os.Unsetenv("TEST_OLD")
	t.Setenv("TEST_NEW", "new value")
	t.Chdir(t.TempDir())
	old := syscall.Umask(0o27)
	t.Cleanup(func() { syscall.Umask(old) })
	dir, _ := os.Getwd()
	b := newBox(t)
	before := child.Descendants(os.Getpid())
	var p *mp.Process
	var stdout string
	stderr := captured(t, &os.Stderr, func() {
		stdout = captured(t, &os.Stdout, func() { p = run(t, surroundings.Bind(b.mail), warmly) })
	})
	b.want(fmt.Sprint(dir, " <nil> new value true ", len(os.Environ())))
	if stdout != "to stdout\n" || stderr != "to stderr\n" {
		t.Errorf("stdout %q, stderr %q", stdout, stderr)
	}
	if st, err := os.Stat("file"); err != nil || st.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", st, err)
	}
	if pid, _ := p.PID(); len(before) != 1 || before[0] != pid {
		t.Errorf("%v is not the one that stood by: %v", p, before)
	}
}

// What cannot be brought up to date is thrown away.
func TestStockIsRenewed(t *testing.T) {
	leak.Check(t)
	for name, change := range map[string]func(t *testing.T){
		"runtime": func(t *testing.T) { t.Setenv("GOGC", "77") },
		"limit": func(t *testing.T) {
			var old syscall.Rlimit
			orExit(syscall.Getrlimit(syscall.RLIMIT_CORE, &old))
			orExit(syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{Cur: old.Cur ^ 1, Max: old.Max}))
			t.Cleanup(func() { syscall.Setrlimit(syscall.RLIMIT_CORE, &old) })
		},
		"killed": func(t *testing.T) {
			for _, pid := range child.Descendants(os.Getpid()) {
				syscall.Kill(pid, syscall.SIGKILL)
			}
		},
		"executable": func(*testing.T) { mp.SetExecutable("") },
	} {
		t.Run(name, func(t *testing.T) {
			stockOf(t, mp.ForkServerConfig{Stock: 3})
			before := child.Descendants(os.Getpid())
			change(t)
			p := run(t, nothing.Bind(none{}), warmly)
			wantCode(t, p, 0)
			pid, _ := p.PID()
			for _, old := range before {
				if old == pid {
					t.Errorf("%v comes from the old stock", p)
				}
			}
		})
	}
}
