//go:build linux

package multiprocessing_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/threading"
)

type barrierJob struct {
	Barrier *multiprocessing.Barrier
	Board   *board
	Parties int // of this process
	Rounds  int
}

// attend is what a party does: it checks in each round that all have come. The
// numbers of the board are those who have come, the sum of the indices, and the
// calls of the action.
func (j barrierJob) attend(ctx context.Context) error {
	all := int64(j.Barrier.Parties())
	for r := range int64(j.Rounds) {
		j.Board.at(0).Add(1)
		i, err := j.Barrier.Wait(ctx)
		if err != nil {
			return err
		}
		if n := j.Board.at(0).Load(); n < all*(r+1) {
			return fmt.Errorf("round %d is over when %d have come", r, n)
		}
		j.Board.at(1).Add(int64(i))
	}
	return nil
}

func (j barrierJob) attendAll(ctx context.Context) (int, error) {
	done := make(chan error)
	for range j.Parties {
		go func() { done <- j.attend(ctx) }()
	}
	var err error
	for range j.Parties {
		err = errors.Join(err, <-done)
	}
	return 0, err
}

var attendBarrier = conex.Register("test/barrier/attend", func(ctx context.Context, j barrierJob) (int, error) {
	return j.attendAll(ctx)
})

// standBarrier waits once, in a process that is going to be killed.
var standBarrier = conex.Register("test/barrier/stand", func(ctx context.Context, j barrierJob) (int, error) {
	j.Barrier.Wait(ctx)
	select {}
})

var cycleBarrier = conex.Register("test/barrier/cycle", func(ctx context.Context, j barrierJob) (int, error) {
	for {
		if _, err := j.Barrier.Wait(ctx); err != nil {
			return 0, nil
		}
	}
})

type actionJob struct {
	Board *board
	Do    string
}

var barrierAction = conex.Register("test/barrier/action", func(ctx context.Context, j actionJob) (int, error) {
	if j.Board != nil {
		j.Board.at(2).Add(1)
		j.Board.at(3).Store(int64(os.Getpid()))
	}
	switch j.Do {
	case "fail":
		return 0, errors.New("why")
	case "panic":
		panic("why")
	case "block": // the first time
		if j.Board.at(4).Add(1) == 1 {
			<-ctx.Done()
		}
		return 0, nil
	}
	return 0, nil
})

func isBroken(err error) bool {
	return errors.Is(err, threading.ErrBrokenBarrier) && strings.HasPrefix(err.Error(), "multiprocessing: ")
}

func TestBarrierAlone(t *testing.T) {
	leak.Check(t)
	for _, n := range []int{-1, 0, multiprocessing.MaxParties + 1} {
		if b, err := multiprocessing.NewBarrier(n); b != nil || !errors.Is(err, threading.ErrParties) {
			t.Errorf("%d parties: %v", n, err)
		}
	}
	var zero multiprocessing.Barrier
	if i, err := zero.Wait(t.Context()); i != -1 || !errors.Is(err, threading.ErrNotInitialized) || zero.Parties() != 0 || zero.Broken() {
		t.Errorf("zero: %d, %v", i, err)
	}
	ended, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	cancel(cause)
	one := must(multiprocessing.NewBarrier(1))
	for range 3 {
		if i, err := one.Wait(ended); i != 0 || err != nil {
			t.Errorf("one party: %d, %v", i, err)
		}
	}
	b := must(multiprocessing.NewBarrier(2))
	if b.Parties() != 2 || b.Waiting() != 0 || b.Broken() || b.String() != "Barrier(0 of 2 parties waiting)" {
		t.Error(b)
	}
	if i, err := b.Wait(ended); i != -1 || !isBroken(err) || !errors.Is(err, cause) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %d, %v", i, err)
	}
	if i, err := b.Wait(t.Context()); i != -1 || !isBroken(err) || errors.Is(err, cause) || !b.Broken() || b.String() != "Barrier(broken)" {
		t.Errorf("got %d, %v", i, err)
	}
	b.Reset()
	if b.Broken() {
		t.Error("broken after Reset")
	}
	b.Abort()
	if _, err := b.Wait(t.Context()); !isBroken(err) {
		t.Errorf("after Abort: %v", err)
	}
	for _, d := range []time.Duration{-1, 0, time.Millisecond} {
		b := must(multiprocessing.NewBarrier(2, multiprocessing.WithTimeout(d)))
		if _, err := b.Wait(t.Context()); !isBroken(err) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("WithTimeout(%v): %v", d, err)
		}
	}
}

// What ends the wait of all but the last, and what they are told.
func TestBarrierBreaks(t *testing.T) {
	for name, c := range map[string]struct {
		do     func(b *multiprocessing.Barrier, cancel func())
		broken bool
	}{
		"Abort":  {func(b *multiprocessing.Barrier, _ func()) { b.Abort() }, true},
		"Reset":  {func(b *multiprocessing.Barrier, _ func()) { b.Reset() }, false},
		"cancel": {func(_ *multiprocessing.Barrier, cancel func()) { cancel() }, true},
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			b := must(multiprocessing.NewBarrier(6))
			board := newBoard(t)
			p := spawn(t, attendBarrier.Bind(barrierJob{b, board, 2, 1}))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			here := make(chan error, 3)
			for i := range 3 {
				go func() {
					c := t.Context()
					if i == 0 {
						c = ctx
					}
					_, err := b.Wait(c)
					here <- err
				}()
			}
			eventually(t, "five wait", func() bool { return b.Waiting() == 5 })
			c.do(b, cancel)
			cancelled := 0
			for range 3 {
				err := <-here
				if !isBroken(err) {
					t.Error(err)
				}
				if errors.Is(err, context.Canceled) {
					cancelled++
				}
			}
			if want := map[bool]int{true: 1}[name == "cancel"]; cancelled != want {
				t.Errorf("%d of %d were told of their context", cancelled, want)
			}
			p.Join(t.Context())
			if err := p.Err(); !errors.Is(err, threading.ErrBrokenBarrier) {
				t.Errorf("the other process: %v", err)
			}
			if b.Broken() != c.broken || b.Waiting() != 0 {
				t.Errorf("broken %v, %d wait", b.Broken(), b.Waiting())
			}
			// It can be used again.
			b.Reset()
			j := barrierJob{b, newBoard(t), 3, 5}
			p = spawn(t, attendBarrier.Bind(j))
			if _, err := j.attendAll(t.Context()); err != nil {
				t.Error(err)
			}
			join(t, p)
		})
	}
}

func TestBarrierRounds(t *testing.T) {
	leak.Check(t)
	board := newBoard(t)
	const rounds = 1000
	b := must(multiprocessing.NewBarrier(6, multiprocessing.WithAction(barrierAction.Bind(actionJob{board, ""}))))
	j := barrierJob{b, board, 2, rounds}
	p, q := spawn(t, attendBarrier.Bind(j)), spawn(t, attendBarrier.Bind(j))
	if _, err := j.attendAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	join(t, p)
	join(t, q)
	if n := board.at(0).Load(); n != 6*rounds {
		t.Errorf("%d have come", n)
	}
	if n := board.at(1).Load(); n != 15*rounds {
		t.Errorf("indices add up to %d instead of %d", n, 15*rounds)
	}
	if n := board.at(2).Load(); n != rounds {
		t.Errorf("%d calls of the action in %d rounds", n, rounds)
	}
}

// An action that fails or panics breaks the barrier, for all others.
func TestBarrierAction(t *testing.T) {
	for do, check := range map[string]func(err any) bool{
		"fail": func(err any) bool {
			e, _ := err.(error)
			return e != nil && strings.Contains(e.Error(), "why") && !isBroken(e)
		},
		"panic": func(err any) bool { return err == "why" },
	} {
		t.Run(do, func(t *testing.T) {
			leak.Check(t)
			b := must(multiprocessing.NewBarrier(3, multiprocessing.WithAction(barrierAction.Bind(actionJob{newBoard(t), do}))))
			first := make(chan error, 2)
			for range 2 {
				go func() {
					_, err := b.Wait(t.Context())
					first <- err
				}()
			}
			eventually(t, "two wait", func() bool { return b.Waiting() == 2 })
			err := func() (out any) {
				defer func() {
					if p := recover(); p != nil {
						out = p
					}
				}()
				_, err := b.Wait(t.Context())
				return err
			}()
			if !check(err) {
				t.Errorf("the last got %v", err)
			}
			for range 2 {
				if err := <-first; !isBroken(err) {
					t.Errorf("got %v", err)
				}
			}
			if !b.Broken() || b.Waiting() != 0 {
				t.Error("not broken")
			}
		})
	}
}

// The action runs in the process of the last party; while it does, others wait
// for it, Reset ends the round, and those who come then wait for the next.
func TestBarrierActionRuns(t *testing.T) {
	leak.Check(t)
	board := newBoard(t)
	b := must(multiprocessing.NewBarrier(2, multiprocessing.WithAction(barrierAction.Bind(actionJob{board, "block"}))))
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 4)
	wait := func(ctx context.Context) { _, err := b.Wait(ctx); first <- err }
	go wait(t.Context())
	eventually(t, "one waits", func() bool { return b.Waiting() == 1 })
	go wait(ctx)
	eventually(t, "the action runs", func() bool { return board.at(2).Load() == 1 })
	if b.Waiting() != 0 {
		t.Error("somebody waits while the action runs")
	}
	b.Reset()
	if err := <-first; !isBroken(err) {
		t.Errorf("reset: %v", err)
	}
	go wait(t.Context())
	go wait(t.Context())
	if b.Broken() {
		t.Error("broken")
	}
	cancel() // ends the action
	if err := <-first; !isBroken(err) {
		t.Errorf("who ran the action: %v", err)
	}
	// The next round has an action of its own, which ends at once.
	for range 2 {
		if err := <-first; err != nil {
			t.Errorf("the next round: %v", err)
		}
	}
	if board.at(4).Load() != 2 {
		t.Errorf("%d actions have run", board.at(4).Load())
	}
}

// A process dies that stands in the barrier, or runs its action.
func TestBarrierPartyDies(t *testing.T) {
	for _, acting := range []bool{false, true} {
		t.Run(fmt.Sprint("acting ", acting), func(t *testing.T) {
			leak.Check(t)
			board := newBoard(t)
			parties := 4
			var opts []multiprocessing.BarrierOption
			if acting {
				parties = 3
				opts = append(opts, multiprocessing.WithAction(barrierAction.Bind(actionJob{board, "block"})))
			}
			b := must(multiprocessing.NewBarrier(parties, opts...))
			other := spawn(t, attendBarrier.Bind(barrierJob{b, board, 1, 1}))
			here := make(chan error, 2)
			wait := func() { _, err := b.Wait(t.Context()); here <- err }
			go wait()
			eventually(t, "two wait", func() bool { return b.Waiting() == 2 })
			p := spawn(t, standBarrier.Bind(barrierJob{Barrier: b}))
			if acting {
				pid, _ := p.PID()
				eventually(t, "the action runs there", func() bool { return board.at(3).Load() == int64(pid) })
				go wait() // for the next round
			} else {
				eventually(t, "three wait", func() bool { return b.Waiting() == 3 })
				here <- threading.ErrBrokenBarrier
			}
			kill(t, p)
			for range 2 {
				if err := <-here; !errors.Is(err, threading.ErrBrokenBarrier) {
					t.Error(err)
				}
			}
			other.Join(t.Context())
			if err := other.Err(); !errors.Is(err, threading.ErrBrokenBarrier) {
				t.Errorf("the other process: %v", err)
			}
			if !b.Broken() || b.Waiting() != 0 {
				t.Errorf("broken %v, %d wait", b.Broken(), b.Waiting())
			}
			b.Reset()
			go wait()
			go wait()
			eventually(t, "it can be used again", func() bool { return b.Waiting() == 2 })
			b.Abort()
			<-here
			<-here
		})
	}
}

// A barrier and its action are passed on by a process that got them.
var passBarrier = conex.Register("test/barrier/pass", func(ctx context.Context, j barrierJob) (int, error) {
	p, err := multiprocessing.Go(ctx, attendBarrier.Bind(j))
	if err != nil {
		return 0, err
	}
	if err := p.Join(ctx); err != nil {
		return 0, err
	}
	return 0, p.Err()
})

func TestBarrierPassedOn(t *testing.T) {
	leak.Check(t)
	for _, c := range []struct {
		arg  actionJob
		want string
	}{
		{actionJob{Do: ""}, ""},
		{actionJob{Do: "fail"}, "why"},
		{actionJob{Board: newBoard(t)}, "only the process that made the barrier"},
	} {
		b := must(multiprocessing.NewBarrier(1, multiprocessing.WithAction(barrierAction.Bind(c.arg))))
		p := spawn(t, passBarrier.Bind(barrierJob{b, newBoard(t), 1, 2}))
		p.Join(t.Context())
		if err := p.Err(); err == nil && c.want != "" || err != nil && (c.want == "" || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}

// Parties are killed and stopped at any moment. Whatever becomes of a round,
// all who live hear the same, and the barrier can be mended.
func TestBarrierChaos(t *testing.T) {
	leak.Check(t)
	const parties = 4
	passed, broke, aborted, noticed := 0, 0, 0, 0
	settled := make(chan bool)
	b := must(multiprocessing.NewBarrier(parties))
	board := newBoard(t)
	for k := range kills(10) {
		board.at(0).Store(0)
		j := barrierJob{b, board, 1, 1 << 30}
		var ps []*multiprocessing.Process
		for range parties - 1 {
			ps = append(ps, spawn(t, attendBarrier.Bind(j)))
		}
		board.at(0).Add(1)
		if _, err := b.Wait(within(t, 20*time.Second)); err != nil {
			t.Fatal(err)
		}
		victim := ps[rand.IntN(len(ps))]
		delay := time.Duration(rand.IntN(2000)) * time.Microsecond
		end := time.Now().Add(delay)
		dead := make(chan bool)
		go func() {
			time.Sleep(delay)
			pid, _ := victim.PID()
			if k%3 == 0 {
				syscall.Kill(pid, syscall.SIGSTOP)
				time.Sleep(time.Millisecond)
			}
			kill(t, victim)
			close(dead)
			// If it did not stand in the barrier the others wait for it, all
			// of them: that is for Abort.
			for since := time.Now(); !b.Broken(); time.Sleep(100 * time.Microsecond) {
				if b.Waiting() != parties-1 {
					since = time.Now()
				} else if time.Since(since) > 150*time.Millisecond {
					aborted++
					b.Abort()
				}
			}
			settled <- true
		}()
		for {
			if k%2 == 0 && time.Now().After(end) {
				<-dead // else the round may be complete before anybody has noticed
				if b.Waiting() == parties-1 {
					noticed++
					eventually(t, "the death of a party is noticed", b.Broken)
				}
			}
			board.at(0).Add(1)
			_, err := b.Wait(within(t, 20*time.Second))
			if err != nil {
				if !isBroken(err) || errors.Is(err, context.DeadlineExceeded) {
					t.Fatal(err)
				}
				broke++
				break
			}
			passed++
		}
		<-settled
		for _, p := range ps {
			p.Join(t.Context())
			if err := p.Err(); p != victim && !errors.Is(err, threading.ErrBrokenBarrier) {
				t.Fatalf("a party that lives: %v", err)
			}
		}
		if !b.Broken() || b.Waiting() != 0 {
			t.Fatalf("broken %v, %d wait", b.Broken(), b.Waiting())
		}
		b.Reset()
	}
	t.Logf("%d passed, %d broke, %d by Abort, at least %d by the death", passed, broke, aborted, noticed)
}

func BenchmarkBarrier(b *testing.B) {
	x := must(multiprocessing.NewBarrier(2))
	p := spawn(b, cycleBarrier.Bind(barrierJob{Barrier: x}))
	ctx := context.Background()
	bench(b, p, func() { x.Wait(ctx) })
	x.Abort()
}
