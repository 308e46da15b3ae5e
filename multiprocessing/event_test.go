//go:build linux

package multiprocessing_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/threading"
)

type eventJob struct {
	Ask, Answer *multiprocessing.Event
	Board       *board
	N           int
}

// answerEvents answers one event with the other, for ever.
var answerEvents = conex.Register("test/event/answer", func(ctx context.Context, j eventJob) (int, error) {
	for {
		if err := j.Ask.Wait(ctx); err != nil {
			return 0, err
		}
		j.Ask.Clear()
		j.Answer.Set()
	}
})

// waitEvents has many goroutines wait for an event again and again, and count.
var waitEvents = conex.Register("test/event/wait", func(ctx context.Context, j eventJob) (int, error) {
	done := make(chan error)
	for range j.N {
		go func() {
			j.Board.at(0).Add(1) // about to wait
			err := j.Ask.Wait(ctx)
			j.Board.at(1).Add(1)
			done <- err
		}()
	}
	var err error
	for range j.N {
		err = errors.Join(err, <-done)
	}
	return 0, err
})

func TestEventAlone(t *testing.T) {
	leak.Check(t)
	e := must(multiprocessing.NewEvent())
	ended, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	cancel(cause)
	if e.IsSet() || e.String() != "Event(not set)" {
		t.Error("set from the start")
	}
	e.Clear()
	if err := e.Wait(ended); !errors.Is(err, cause) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	short, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	if err := e.Wait(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	for range 2 {
		e.Set()
		if err := e.Wait(ended); !e.IsSet() || err != nil || e.String() != "Event(set)" {
			t.Errorf("set, but: %v", err)
		}
	}
	e.Clear()
	if e.IsSet() {
		t.Error("set after Clear")
	}
	var zero multiprocessing.Event
	if err := zero.Wait(ended); zero.IsSet() || !errors.Is(err, threading.ErrNotInitialized) {
		t.Errorf("zero: %v", err)
	}
	for _, f := range []func(){zero.Set, zero.Clear} {
		func() {
			defer func() {
				if err, _ := recover().(error); !errors.Is(err, threading.ErrNotInitialized) {
					t.Errorf("panic: %v", err)
				}
			}()
			f()
		}()
	}
}

// Everybody who waits goes on, although the event is cleared at once, and what
// happened before is seen.
func TestEventClearAtOnce(t *testing.T) {
	leak.Check(t)
	e := must(multiprocessing.NewEvent())
	b := newBoard(t)
	const n = 100
	p := spawn(t, waitEvents.Bind(eventJob{Ask: e, Board: b, N: n}))
	here, plain := make(chan error, n), 0
	for range n {
		go func() {
			b.at(0).Add(1)
			err := e.Wait(t.Context())
			if plain != 1 {
				err = errors.New("Set does not synchronize before Wait")
			}
			here <- err
		}()
	}
	eventually(t, "all are about to wait", func() bool { return b.at(0).Load() == 2*n })
	// Who is about to wait may not do so yet, and miss one.
	plain = 1
	for left := n; left > 0 || b.at(1).Load() < n; {
		e.Set()
		e.Clear()
		for more := true; more; {
			select {
			case err := <-here:
				left--
				if err != nil {
					t.Fatal(err)
				}
			default:
				more = false
			}
		}
		runtime.Gosched()
	}
	join(t, p)
	if e.IsSet() {
		t.Error("still set")
	}
}

// A thousand goroutines take no thousand threads.
func TestEventThreads(t *testing.T) {
	leak.Check(t)
	e := must(multiprocessing.NewEvent())
	b := newBoard(t)
	const n = 2000
	p := spawn(t, waitEvents.Bind(eventJob{Ask: e, Board: b, N: n}))
	eventually(t, "all wait", func() bool { return b.at(0).Load() == n })
	pid, _ := p.PID()
	if n := threads(t, pid); n > 20 {
		t.Errorf("%d threads", n)
	}
	e.Set()
	join(t, p)
}

// Those who set and wait are killed and stopped: the others go on.
func TestEventChaos(t *testing.T) {
	leak.Check(t)
	j := eventJob{Ask: must(multiprocessing.NewEvent()), Answer: must(multiprocessing.NewEvent())}
	p := spawn(t, answerEvents.Bind(j))
	rounds := 0
	for range kills(15) {
		end := time.Now().Add(time.Duration(rand.IntN(2000)) * time.Microsecond)
		for time.Now().Before(end) {
			j.Ask.Set()
			if err := j.Answer.Wait(within(t, 20*time.Second)); err != nil {
				t.Fatal(err)
			}
			j.Answer.Clear()
			rounds++
		}
		// Kill it in the middle of a round, half of the times.
		j.Ask.Set()
		pid, _ := p.PID()
		if rand.IntN(2) == 0 {
			syscall.Kill(pid, syscall.SIGSTOP)
		}
		kill(t, p)
		p = spawn(t, answerEvents.Bind(j))
		j.Ask.Set() // the dead one may have taken the question along
		if err := j.Answer.Wait(within(t, 20*time.Second)); err != nil {
			t.Fatal(err)
		}
		// What may come is a late answer: settle it.
		eventually(t, "the question is taken", func() bool { return !j.Ask.IsSet() })
		j.Answer.Clear()
	}
	t.Logf("%d rounds", rounds)
}

func BenchmarkEventPingPong(b *testing.B) {
	j := eventJob{Ask: must(multiprocessing.NewEvent()), Answer: must(multiprocessing.NewEvent())}
	p := spawn(b, answerEvents.Bind(j))
	ctx := context.Background()
	bench(b, p, func() {
		j.Ask.Set()
		j.Answer.Wait(ctx)
		j.Answer.Clear()
	})
}
