//go:build linux

package robust

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/conexgo/conex/internal/child"
	"github.com/conexgo/conex/internal/peer"
	"github.com/conexgo/conex/internal/shm"
)

const role = "CONEX_TEST_ROLE"

func TestMain(m *testing.M) {
	if r := os.Getenv(role); r != "" {
		seg, err := shm.Map(os.NewFile(3, "shm"), 4096)
		if err != nil {
			panic(err)
		}
		play(r, seg.Mem)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func word(mem []byte, i int) *atomic.Uint64 { return (*atomic.Uint64)(unsafe.Pointer(&mem[64*i])) }

// The words: the lock, two numbers that are equal while nobody holds it, and
// how often each child had it.
const (
	lockWord = iota
	first
	second
	repaired
	turns
)

// play is what the children do.
func play(r string, mem []byte) {
	m := New(word(mem, lockWord))
	ctx := context.Background()
	switch {
	case r == "hold":
		m.Lock(ctx)
		word(mem, turns).Store(1)
		time.Sleep(time.Hour) // until it is killed; the runtime would find select {} to be a deadlock
	case strings.HasPrefix(r, "count"):
		n, _ := strconv.Atoi(r[len("count"):])
		for range 4 {
			go func() {
				for {
					step(m, mem)
					word(mem, turns+n).Add(1)
				}
			}()
		}
		select {}
	}
}

// step adds one to both numbers, one after the other.
func step(m *Mutex, mem []byte) {
	died, err := m.Lock(context.Background())
	if err != nil {
		panic(err)
	}
	a, b := word(mem, first), word(mem, second)
	if x, y := a.Load(), b.Load(); x != y {
		if !died || x != y+1 {
			panic("nobody has died and the numbers differ")
		}
		b.Store(x)
		word(mem, repaired).Add(1)
	}
	a.Store(a.Load() + 1)
	b.Store(b.Load() + 1)
	m.Unlock()
}

func start(t *testing.T, r string, seg *shm.Segment) *child.Child {
	t.Helper()
	c, err := child.Start(child.Spec{
		Args: []string{os.Args[0], "-test.run=^$"}, Env: append(os.Environ(), role+"="+r, "GORACE=atexit_sleep_ms=0"),
		Files: []*os.File{seg.File()}, Stderr: os.Stderr,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Kill(); <-c.Done() })
	return c
}

func memory(t *testing.T) *shm.Segment {
	t.Helper()
	seg, err := shm.New(4096)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { seg.Close() })
	return seg
}

func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !cond(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatal("never: ", what)
		}
	}
}

func TestLockSoon(t *testing.T) {
	var w atomic.Uint64
	m := New(&w)
	if !m.LockSoon() || m.Owner() != peer.Self() {
		t.Fatal("a free lock was not taken")
	}
	if m.LockSoon() {
		t.Fatal("a held lock was taken")
	}
	m.Unlock()
	w.Store(pack(peer.New(1<<22, 1))) // nobody
	if m.LockSoon() {
		t.Error("it looked whether the holder is alive")
	}
}

func TestOneProcess(t *testing.T) {
	var w atomic.Uint64
	m := New(&w)
	ctx := context.Background()
	if m.Unlock() || m.Owner() != 0 {
		t.Error("a free lock was held")
	}
	if died, err := m.Lock(ctx); died || err != nil {
		t.Fatal(died, err)
	}
	if m.Owner() != peer.Self() {
		t.Errorf("owner %x", m.Owner())
	}
	if ok, _ := m.TryLock(); ok {
		t.Error("locked twice")
	}
	ended, cancel := context.WithCancelCause(ctx)
	cause := errors.New("enough")
	cancel(cause)
	if _, err := m.Lock(ended); !errors.Is(err, cause) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	short, stop := context.WithTimeout(ctx, time.Millisecond)
	defer stop()
	if _, err := m.Lock(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if !m.Unlock() {
		t.Error("a held lock was free")
	}
	if died, err := m.Lock(ended); died || err != nil {
		t.Errorf("a free lock under a context that has ended: %v, %v", died, err)
	}
	m.Unlock()

	n, done := 0, make(chan bool)
	const each = 5000
	for range 8 {
		go func() {
			for range each {
				m.Lock(ctx)
				n++
				m.Unlock()
			}
			done <- true
		}()
	}
	for range 8 {
		<-done
	}
	if n != 8*each || m.Owner() != 0 {
		t.Errorf("counted %d, owner %x", n, m.Owner())
	}
}

func TestHolderDies(t *testing.T) {
	for name, lock := range map[string]func(m *Mutex) (bool, error){
		"Lock":             func(m *Mutex) (bool, error) { return m.Lock(context.Background()) },
		"TryLock":          func(m *Mutex) (bool, error) { _, died := m.TryLock(); return died, nil },
		"Lock, ctx at end": func(m *Mutex) (bool, error) { ctx, c := context.WithCancel(t.Context()); c(); return m.Lock(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			seg := memory(t)
			m := New(word(seg.Mem, lockWord))
			c := start(t, "hold", seg)
			eventually(t, "the child has the lock", func() bool { return word(seg.Mem, turns).Load() == 1 })
			if ok, _ := m.TryLock(); ok || m.Owner().PID() != c.PID() {
				t.Fatalf("two have the lock, owner %d", m.Owner().PID())
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			if _, err := m.Lock(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			c.Kill()
			<-c.Done()
			if died, err := lock(m); !died || err != nil {
				t.Errorf("after the death: %v, %v", died, err)
			}
			if ok, _ := m.TryLock(); ok {
				t.Error("two have the lock")
			}
			m.Unlock()
			if died, err := m.Lock(t.Context()); died || err != nil {
				t.Errorf("told twice: %v, %v", died, err)
			}
		})
	}
}

// Words that no Mutex has written are taken for those of dead processes.
func TestGarbage(t *testing.T) {
	for _, w := range []uint64{1, 2, ^uint64(0), 1 << 63, 0xffffffff} {
		var x atomic.Uint64
		x.Store(w)
		m := New(&x)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if died, err := m.Lock(ctx); !died || err != nil {
			t.Errorf("%x: %v, %v", w, died, err)
		}
		cancel()
	}
}

// Processes that are killed and stopped at any moment: the others go on, and
// whoever finds something half done is told so.
func TestChaos(t *testing.T) {
	kills := 30
	if s := os.Getenv("CONEX_CHAOS"); s != "" {
		kills, _ = strconv.Atoi(s)
	}
	seg := memory(t)
	m := New(word(seg.Mem, lockWord))
	const n = 3
	var children [n]*child.Child
	for i := range children {
		children[i] = start(t, "count"+strconv.Itoa(i), seg)
	}
	progress := func(i int) uint64 { return word(seg.Mem, turns+i).Load() }
	for k := range kills {
		i := rand.IntN(n)
		before := [n]uint64{}
		for j := range before {
			before[j] = progress(j)
		}
		if k%4 == 3 {
			children[i].Signal(syscall.SIGSTOP)
			time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond)
		}
		time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond)
		children[i].Kill()
		if k%2 == 0 {
			<-children[i].Done()
		}
		children[i] = start(t, "count"+strconv.Itoa(i), seg)
		for j := range before {
			eventually(t, "everybody goes on", func() bool { return progress(j) > before[j] })
		}
	}
	for _, c := range children {
		c.Kill()
		<-c.Done()
	}
	step(m, seg.Mem)
	if a, b := word(seg.Mem, first).Load(), word(seg.Mem, second).Load(); a != b {
		t.Errorf("%d and %d", a, b)
	}
	t.Logf("%d steps, %d repairs after %d kills", word(seg.Mem, first).Load(), word(seg.Mem, repaired).Load(), kills)
}

// In shared memory, too, the lock orders what the goroutines of one process do:
// the race detector sees that.
func TestOrders(t *testing.T) {
	seg := memory(t)
	m := New(word(seg.Mem, lockWord))
	n, done := 0, make(chan bool)
	for i := range 4 {
		go func() {
			for range 500 {
				if i%2 == 0 {
					m.Lock(context.Background())
				} else {
					for ok, _ := m.TryLock(); !ok; ok, _ = m.TryLock() {
					}
				}
				n++
				m.Unlock()
			}
			done <- true
		}()
	}
	for range 4 {
		<-done
	}
	if n != 2000 {
		t.Errorf("counted %d", n)
	}
}
