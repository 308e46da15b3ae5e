package connection_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing/connection"
)

type writerJob struct {
	W     *connection.Connection
	ID    int
	Pause time.Duration
}

var writer = conex.Register("test/connection/writer", func(ctx context.Context, j writerJob) (int, error) {
	defer j.W.Close()
	for i := range 10 {
		if j.Pause > 0 {
			time.Sleep(j.Pause * time.Duration(i%3))
		}
		if err := connection.Send(ctx, j.W, [2]int{i, j.ID}); err != nil {
			return i, err
		}
	}
	return 10, nil
})

func TestProcess(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 30*time.Second)
	p := newPool(t)
	a, fut := give(t, p, echo)
	n := 0
	for round := range 3 {
		for i, size := range sizes {
			if size > 4<<20 {
				continue
			}
			want := filled(uint64(i), size)
			if err := a.SendBytes(ctx, want); err != nil {
				t.Fatal(err)
			}
			if round == 2 {
				time.Sleep(time.Millisecond) // both sides sleep
			}
			got, err := a.RecvBytes(ctx)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%d bytes became %d, %v", size, len(got), err)
			}
			n++
		}
	}
	a.Close()
	if got, err := fut.Result(ctx); got != n || err != nil {
		t.Errorf("the other side got %d of %d, %v", got, n, err)
	}
}

// The end of the file comes when the last process that has the other side has
// closed it or died.
func TestProcessEnds(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 30*time.Second)
	a, b := pipe(t)
	one := futures.Submit(ctx, newPool(t), holder, b)
	two := futures.Submit(ctx, newPool(t), holder, b)
	b.Close()
	var pids []int
	for range 2 {
		pid, err := connection.Recv[int](ctx, a)
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	if ok, err := a.TryPoll(); ok || err != nil {
		t.Errorf("TryPoll: %v, %v", ok, err)
	}
	// One is told to end, the other one is killed.
	if err := connection.Send(ctx, a, 0); err != nil {
		t.Fatal(err)
	}
	pid, err := connection.Recv[int](ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if x, err := connection.Recv[int](short, a); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, %v while one still has it", x, err)
	}
	i := slices.Index(pids, pid)
	if i < 0 {
		t.Fatalf("%d is none of %v", pid, pids)
	}
	syscall.Kill(pids[1-i], syscall.SIGKILL)
	if _, err := connection.Recv[int](ctx, a); err != io.EOF {
		t.Errorf("got %v", err)
	}
	if err := connection.Send(ctx, a, 1); !errors.Is(err, connection.ErrBrokenPipe) {
		t.Errorf("got %v", err)
	}
	one.Result(ctx)
	two.Result(ctx)
}

// holder says who it is, waits for a message, says so, and returns.
var holder = conex.Register("test/connection/holder", func(ctx context.Context, c *connection.Connection) (int, error) {
	defer c.Close()
	if err := connection.Send(ctx, c, os.Getpid()); err != nil {
		return 0, err
	}
	if _, err := connection.Recv[int](ctx, c); err != nil {
		return 0, err
	}
	return 0, connection.Send(ctx, c, os.Getpid())
})

// A stopped process does not keep anybody from giving up.
func TestStopped(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 30*time.Second)
	p := newPool(t)
	a, fut := give(t, p, holder)
	pid, err := connection.Recv[int](ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	stop(t, pid)
	for name, wait := range map[string]func(ctx context.Context) error{
		"Recv": func(ctx context.Context) error { _, err := a.RecvBytes(ctx); return err },
		"Poll": func(ctx context.Context) error { _, err := a.Poll(ctx); return err },
		"Wait": func(ctx context.Context) error { _, err := connection.Wait(ctx, a); return err },
		"Send": func(ctx context.Context) (err error) {
			for err == nil {
				err = a.SendBytes(ctx, make([]byte, 100_000))
			}
			return err
		},
	} {
		short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
		if err := wait(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
	syscall.Kill(pid, syscall.SIGKILL)
	if _, err := a.RecvBytes(ctx); err != io.EOF {
		t.Errorf("after its end: %v", err)
	}
	fut.Result(ctx)
}

// stop stops a process, and returns when all of its threads have.
func stop(t *testing.T, pid int) {
	t.Helper()
	syscall.Kill(pid, syscall.SIGSTOP)
	for {
		tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		if err != nil || len(tasks) == 0 {
			t.Fatal("no such process", pid, err)
		}
		running := 0
		for _, name := range tasks {
			if b, err := os.ReadFile(name); err == nil && !bytes.Contains(b, []byte(") T ")) {
				running++
			}
		}
		if running == 0 {
			return
		}
		runtime.Gosched()
	}
}

// Two processes at the same end share the messages, each whole, each once.
func TestShare(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 30*time.Second)
	a, b := pipe(t)
	const n = 500
	var futs []*futures.Future[[]uint64]
	for range 3 {
		futs = append(futs, futures.Submit(ctx, newPool(t), collect, b))
	}
	b.Close()
	for i := range n {
		size := 16 + (i*i*37)%3000
		if i%50 == 0 {
			size = 150_000
		}
		msg := filled(uint64(i), size)
		binary.LittleEndian.PutUint64(msg, uint64(i))
		if err := a.SendBytes(ctx, msg); err != nil {
			t.Fatal(err)
		}
	}
	a.Close()
	var all []uint64
	for _, f := range futs {
		ids, err := f.Result(ctx)
		if err != nil {
			t.Error(err)
		}
		all = append(all, ids...)
	}
	slices.Sort(all)
	for i, id := range all {
		if id != uint64(i) {
			t.Fatalf("message %d is missing or came twice: %d", i, id)
		}
	}
	if len(all) != n {
		t.Errorf("%d of %d messages", len(all), n)
	}
}

var le = binary.LittleEndian

var errTorn = errors.New("torn message")

var collect = conex.Register("test/connection/collect", func(ctx context.Context, c *connection.Connection) (ids []uint64, err error) {
	defer c.Close()
	for {
		b, err := c.RecvBytes(ctx)
		if err == io.EOF {
			return ids, nil
		}
		if err != nil {
			return ids, err
		}
		id, err := whole(b)
		if err != nil {
			return ids, err
		}
		ids = append(ids, id)
	}
})

// whole returns which message b is.
func whole(b []byte) (uint64, error) {
	if len(b) < 8 {
		return 0, errTorn
	}
	id := binary.LittleEndian.Uint64(b)
	if !bytes.Equal(b[8:], filled(id, len(b))[8:]) {
		return id, errTorn
	}
	return id, nil
}

// CPython's test_boundaries: to poll does not take anything out, whichever
// process does it.
func TestBoundaries(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 30*time.Second)
	p := newPool(t)
	r, w, err := connection.OneWayPipe()
	if err != nil {
		t.Fatal(err)
	}
	closes(t, r, w)
	fut := futures.Submit(ctx, p, poller, r)
	want := []string{"first", "second"}
	for _, s := range want {
		w.SendBytes(ctx, []byte(s))
	}
	if ok, err := fut.Result(ctx); !ok || err != nil {
		t.Errorf("the other process polled %v, %v", ok, err)
	}
	w.Close()
	for _, s := range want {
		if got, err := r.RecvBytes(ctx); string(got) != s || err != nil {
			t.Errorf("got %q, %v; want %q", got, err, s)
		}
	}
	runtime.KeepAlive(r)
}

var poller = conex.Register("test/connection/poller", func(ctx context.Context, c *connection.Connection) (bool, error) {
	defer c.Close()
	return c.Poll(ctx)
})
