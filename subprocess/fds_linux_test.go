package subprocess_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex/subprocess"
)

// Many programs start at once beside descriptors that anybody would inherit:
// none does but who wants to, and in the end they are as they were.
func TestHeldBack(t *testing.T) {
	var leaked []int
	for range 3 {
		fd, err := unix.Open("/dev/null", unix.O_RDONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		leaked = append(leaked, fd)
	}
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			cmd := sh(`for n; do test -e /proc/self/fd/$n && echo $n; done; true`, "sh")
			for _, fd := range leaked {
				cmd.Args = append(cmd.Args, strconv.Itoa(fd))
			}
			want := 0
			if i%10 == 0 {
				cmd.KeepFiles = true
				want = len(leaked)
			}
			out, err := subprocess.CheckOutput(t.Context(), cmd)
			if err != nil || len(strings.Fields(string(out))) != want {
				t.Errorf("%q, %v; want %d", out, err, want)
			}
		})
	}
	all.Wait()
	for _, fd := range leaked {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC != 0 {
			t.Errorf("descriptor %d is not as it was: %d, %v", fd, flags, err)
		}
	}
}
