package subprocess_test

import (
	"bufio"
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/subprocess"
)

// A program that obeys SIGTERM leaves a descendant in a session of its own
// without a parent: it ends with the tree all the same, and so does what it has
// started.
func TestGraceTree(t *testing.T) {
	leak.Check(t)
	for range 10 {
		ctx, cancel := context.WithCancel(t.Context())
		cmd := sh(`trap 'exit 7' TERM; setsid sh -c 'sleep 1000 & echo $$ $!; wait' & wait`)
		cmd.Stdout, cmd.Grace = subprocess.Pipe, 20*time.Second
		p, err := subprocess.Start(ctx, cmd)
		if err != nil {
			t.Fatal(err)
		}
		var session, sleeper int
		if _, err := fmt.Fscan(bufio.NewReader(p.Stdout), &session, &sleeper); err != nil {
			t.Fatal(err)
		}
		var fds []unix.PollFd
		for _, pid := range []int{session, sleeper} {
			fd, err := unix.PidfdOpen(pid, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer unix.Close(fd)
			fds = append(fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
		}
		cancel()
		<-p.Done()
		if code, _ := p.Poll(); code != 7 {
			t.Errorf("code %d", code)
		}
		p.Stdout.Close()
		for i := range fds {
			n, err := 0, error(syscall.EINTR)
			for err == syscall.EINTR {
				n, err = unix.Poll(fds[i:i+1], 10_000)
			}
			if n != 1 {
				t.Error("a descendant in a session of its own lives on")
				unix.PidfdSendSignal(int(fds[i].Fd), unix.SIGKILL, nil, 0)
			}
		}
	}
}
