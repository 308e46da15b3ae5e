package multiprocessing

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/conexgo/conex/internal/peer"
)

// A world is a semaphore and processes that operate on it, all in this one:
// each is a coroutine that stops between the steps of its operations. They run
// in every order there is, up to a number of switches, and are killed anywhere.
type world struct {
	t     testing.TB
	mem   *sharedSem
	procs []*actor
	last  int // who ran last
	trace []string
}

type actor struct {
	s    *sem
	next func() (struct{}, bool)
	stop func()
	dead bool // killed, or at its end
	held int
	busy bool // in the middle of an operation
}

type killed struct{}

// newWorld has a process for each script: a acquires, r releases what it has
// acquired, s settles, v releases for the sake of it.
func newWorld(t testing.TB, initial, free int, scripts ...string) *world {
	w := &world{t: t, mem: &sharedSem{initial: uint32(initial), kind: kindSemaphore}}
	l := newLayout(initial)
	w.mem.word.Store(l.first())
	for i := free + 1; i <= lastSlot; i++ {
		w.mem.slots[i].id.Store(1 << 40) // somebody else, who lives
	}
	for i, script := range scripts {
		a := &actor{s: openSem(nil, w.mem, peer.ID(i+1), w.alive)}
		a.next, a.stop = iter.Pull(a.run(script))
		w.procs = append(w.procs, a)
	}
	return w
}

func (w *world) alive(id peer.ID) bool { return id > peer.ID(len(w.procs)) || !w.procs[id-1].dead }

func (a *actor) run(script string) iter.Seq[struct{}] {
	return func(yield func(struct{}) bool) {
		defer func() {
			if r := recover(); r != nil && r != (killed{}) {
				panic(r)
			}
		}()
		a.s.step = func() {
			if !yield(struct{}{}) {
				panic(killed{})
			}
		}
		for _, op := range script {
			a.busy = true
			switch op {
			case 'a':
				if ok, err := a.s.try(); err != nil {
					panic(err)
				} else if ok {
					a.held++
				}
			case 'r':
				if a.held > 0 {
					if err := a.s.release(); err != nil {
						panic(err)
					}
					a.held--
				}
			case 's':
				a.s.settle(lastSlot)
			}
			a.busy = false
			a.s.step()
		}
	}
}

// options are the ways to go on: 0 is the process that ran last, n is another one,
// and the last one is to kill who ran last.
func (w *world) options() int {
	n := 0
	for _, a := range w.procs {
		if !a.dead {
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return n + 1
}

// do goes one step. It reports whether that was no switch.
func (w *world) do(choice int) {
	if choice == w.options()-1 { // kill
		a := w.procs[w.last]
		if a.dead {
			choice = 0
		} else {
			w.trace = append(w.trace, fmt.Sprint("kill ", w.last))
			a.stop()
			a.dead = true
			return
		}
	}
	i := w.last
	for w.procs[i].dead || choice > 0 {
		if !w.procs[i].dead {
			choice--
		}
		i = (i + 1) % len(w.procs)
	}
	w.last = i
	w.trace = append(w.trace, fmt.Sprint(i))
	if _, more := w.procs[i].next(); !more {
		w.procs[i].dead = true
	}
}

// check says what is wrong, if anything is.
func (w *world) check() {
	l := &w.procs[0].s.layout
	word := w.mem.word.Load()
	if !l.valid(word) || tenantOf(word) == keepsNone {
		w.t.Fatalf("word %x after %v", word, w.trace)
	}
	sum := l.valueOf(word)
	for slot := range w.mem.slots {
		sum += w.procs[0].s.held(word, uint8(slot))
	}
	if sum != l.initial {
		w.t.Fatalf("%d permits of %d after %v", sum, l.initial, w.trace)
	}
	for i, a := range w.procs {
		slot := a.s.slot.Load()
		if a.dead || a.busy || slot == noSlot || slot == noTenant {
			continue
		}
		if n := w.procs[0].s.held(word, uint8(slot)); n != uint64(a.held) {
			w.t.Fatalf("process %d holds %d, not %d, after %v", i, n, a.held, w.trace)
		}
	}
}

// finish lets a new process settle what is left.
func (w *world) finish() {
	strays := uint64(0)
	for _, a := range w.procs {
		a.stop()
		a.dead = true
	}
	last := openSem(nil, w.mem, 1<<50, w.alive)
	strays = last.held(w.mem.word.Load(), noTenant)
	if got := uint64(last.value()); got != last.initial-strays {
		w.t.Fatalf("%d permits of %d, and %d without account, after %v", got, last.initial, strays, w.trace)
	}
}

var worlds = []struct {
	name          string
	initial, free int
	scripts       []string
}{
	{"two", 1, lastSlot, []string{"arar", "arar"}},
	{"settler", 2, lastSlot, []string{"aar", "ara", "s"}},
	{"three", 2, lastSlot, []string{"ara", "ara", "as"}},
	{"slots used again", 3, 2, []string{"aa", "ara", "ra", "sara"}},
	{"no slots", 2, 1, []string{"ar", "aar", "ara"}},
}

// TestSemaphoreInterleaved tries all orders with few switches and kills.
func TestSemaphoreInterleaved(t *testing.T) {
	switches := 2
	if os.Getenv("CONEX_STRESS") != "" {
		switches = 3
	} else if raceEnabled {
		switches = 1 // coroutines take turns: there is nothing to detect
	}
	for _, c := range worlds {
		t.Run(c.name, func(t *testing.T) {
			runs := 0
			for plan := []int(nil); ; runs++ {
				w := newWorld(t, c.initial, c.free, c.scripts...)
				var options []int
				used := 0
				for i := 0; w.options() > 0; i++ {
					n := w.options()
					if used == switches {
						n = 1
					}
					if i == len(plan) {
						plan = append(plan, 0)
					}
					if plan[i] > 0 {
						used++
					}
					options = append(options, n)
					w.do(plan[i])
					w.check()
				}
				w.finish()
				// The next plan: the last choice that is not the last option.
				i := len(plan) - 1
				for i >= 0 && plan[i] >= options[i]-1 {
					i--
				}
				if i < 0 {
					break
				}
				plan = append(plan[:i], plan[i]+1)
			}
			t.Log(runs, "orders")
		})
	}
}

// TestSemaphoreShuffled tries some orders with any number of switches.
func TestSemaphoreShuffled(t *testing.T) {
	runs := 1000
	if os.Getenv("CONEX_STRESS") != "" {
		runs = 30_000
	} else if raceEnabled {
		runs = 100
	}
	for _, c := range worlds {
		t.Run(c.name, func(t *testing.T) {
			for range runs {
				w := newWorld(t, c.initial, c.free, c.scripts...)
				for w.options() > 0 {
					n := w.options()
					choice := rand.IntN(n)
					if choice == n-1 && rand.IntN(4) > 0 {
						choice = 0 // kill less
					}
					w.do(choice)
					w.check()
				}
				w.finish()
			}
		})
	}
}
