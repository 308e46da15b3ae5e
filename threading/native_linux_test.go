package threading

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex/internal/leak"
)

func osName(t *testing.T) string {
	b, err := os.ReadFile("/proc/self/task/" + strconv.Itoa(unix.Gettid()) + "/comm")
	if err != nil {
		t.Error(err)
	}
	return strings.TrimSuffix(string(b), "\n")
}

func TestOSThread(t *testing.T) {
	leak.Check(t)
	ctx := context.Background()
	begun, release := make(chan int), make(chan struct{})
	th, err := Go(ctx, func(ctx context.Context) error {
		id, err := NativeID()
		if err != nil || id != unix.Gettid() {
			t.Errorf("NativeID is %d, %v", id, err)
		}
		if own, ok := Current(ctx).NativeID(); own != id || !ok {
			t.Errorf("Thread.NativeID is %d, %v", own, ok)
		}
		if name := osName(t); name != "a name of many " {
			t.Errorf("the system calls it %q", name)
		}
		if err := SetOSName("other"); err != nil || osName(t) != "other" {
			t.Errorf("%v, the system calls it %q", err, osName(t))
		}
		begun <- id
		<-release
		return nil
	}, WithOSThread(), WithName("a name of many bytes"))
	if err != nil {
		t.Fatal(err)
	}
	id := <-begun
	if other, err := NativeID(); err != ErrNotPinned || !errors.Is(err, ErrThread) {
		t.Errorf("NativeID of no pinned thread is %d, %v", other, err)
	}
	if err := SetOSName("x"); err != ErrNotPinned {
		t.Errorf("SetOSName: %v", err)
	}
	close(release)
	th.Join(ctx)
	if pinned.Load(id) != nil {
		t.Error("it is still known")
	}
	inThread(t, func(ctx context.Context) {
		if id, ok := Current(ctx).NativeID(); ok {
			t.Errorf("a thread without one has %d", id)
		}
	})
	ctx, leave := Adopt(ctx, WithOSThread())
	if id, err := NativeID(); err != nil || id != unix.Gettid() {
		t.Errorf("adopted: %d, %v", id, err)
	}
	leave()
	if _, err := NativeID(); err != ErrNotPinned {
		t.Errorf("afterwards: %v", err)
	}
	_ = ctx
}
