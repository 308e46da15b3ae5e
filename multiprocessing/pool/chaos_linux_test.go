package pool_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/multiprocessing/pool"
)

// kills is how many workers the chaos test kills: CONEX_CHAOS, or few.
func kills() int {
	if n, err := strconv.Atoi(os.Getenv("CONEX_CHAOS")); err == nil {
		return n
	}
	return 20
}

// children lists the child processes of this one.
func children() (pids []int) {
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, list := range lists {
		data, _ := os.ReadFile(list)
		for _, s := range strings.Fields(string(data)) {
			if pid, err := strconv.Atoi(s); err == nil && executes(pid) {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// executes reports whether a child has become the program that it is to be. Until
// then it has our memory, and the thread that started it waits for it in the
// kernel: who stopped it would stop us, at the next collection of garbage at the
// latest, and could not let it go on any more.
func executes(pid int) bool {
	const forkNoExec = 0x40 // PF_FORKNOEXEC in Linux's sched.h
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	// The name, in brackets, may contain anything; the flags are the seventh
	// field behind it.
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 7 {
		return false
	}
	flags, err := strconv.ParseUint(fields[6], 10, 64)
	return err == nil && flags&forkNoExec == 0
}

// Workers are killed, and stopped and then killed or let go, at random moments
// while every form of call is under way. Each death fails at most the one item
// that the worker had begun; all others have their exact results; nothing hangs
// and nothing is left behind.
func TestChaos(t *testing.T) {
	n := kills()
	ctx, p := newPool(t, pool.Config{Processes: 3, Initializer: remember.Bind("ready")})
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Duration(30+n)*time.Second)
	defer cancel()
	var lost, killed atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	// check counts a call that was lost with its worker; any other error is one.
	check := func(got, expected any, err error) error {
		switch {
		case errors.Is(err, futures.ErrWorkerDied) && !errors.Is(err, futures.ErrBroken):
			lost.Add(1)
		case err != nil:
			return err
		case fmt.Sprint(got) != fmt.Sprint(expected):
			return fmt.Errorf("got %v, want %v", got, expected)
		}
		return nil
	}
	work := func(name string, body func(r *rand.Rand) error) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(len(name)), uint64(n)))
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := body(r); err != nil {
					t.Errorf("%s, round %d: %v", name, i, err)
					return
				}
			}
		})
	}
	work("apply", func(r *rand.Rand) error {
		v, err := pool.Apply(ctx, p, upper, "abc")
		return check(v, "ABC", err)
	})
	work("map", func(r *rand.Rand) error {
		k := 1 + r.IntN(20_000)
		out, err := pool.Map(ctx, p, square, ints(k))
		if err == nil {
			return check(len(out), k, nil)
		}
		return check(nil, nil, err)
	})
	work("imap", func(r *rand.Rand) error {
		k, i := 1+r.IntN(500), 0
		for v, err := range pool.IMap(ctx, p, square, count(k), pool.ChunkSize(1+r.IntN(20))).All(ctx) {
			if err := check(v, i*i, err); err != nil {
				return err
			}
			i++
		}
		return check(i, k, nil)
	})
	work("unordered", func(r *rand.Rand) error {
		k, i := 1+r.IntN(100), 0
		for v, err := range pool.IMapUnordered(ctx, p, nap, func(yield func(time.Duration) bool) {
			for range k {
				if !yield(time.Duration(r.IntN(300)) * time.Microsecond) {
					return
				}
			}
		}).All(ctx) {
			if err := check(v, v, err); err != nil {
				return err
			}
			i++
		}
		return check(i, k, nil)
	})
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for killed.Load() < int64(n) && ctx.Err() == nil {
		time.Sleep(time.Duration(r.IntN(8000)) * time.Microsecond) // the pace of the chaos, not a wait
		all := children()
		if len(all) == 0 {
			continue
		}
		pid := all[r.IntN(len(all))]
		if r.IntN(4) == 0 {
			syscall.Kill(pid, syscall.SIGSTOP)
			time.Sleep(time.Duration(r.IntN(3000)) * time.Microsecond)
			if r.IntN(2) == 0 {
				syscall.Kill(pid, syscall.SIGCONT)
				continue
			}
		}
		// A child is ours until it is reaped, so its number is not used again
		// before; one that is a zombie already was counted, or ended by itself.
		if syscall.Kill(pid, syscall.SIGKILL) == nil {
			killed.Add(1)
		}
	}
	close(stop)
	wg.Wait()
	if ctx.Err() != nil {
		t.Fatal("something hangs")
	}
	if lost.Load() > killed.Load() {
		t.Errorf("%d kills cost %d calls", killed.Load(), lost.Load())
	}
	t.Logf("%d kills, %d calls lost", killed.Load(), lost.Load())
	s, err := pool.Apply(ctx, p, recall, 0)
	want(t, s, err, "ready")
}
