package sharedmemory_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing/sharedmemory"
)

// chaosItems are those of every list in the chaos test.
func chaosItems(n int64) []any {
	items := make([]any, 50)
	for i := range items {
		items[i] = n
	}
	return items
}

func init() {
	// Creates and unlinks in all ways that there are, until it is killed.
	plays["chaos"] = func() {
		conex.Init()
		if os.Getenv("CHAOS_IN_PLACE") != "" {
			sharedmemory.SetInPlace()
		}
		var o *sharedmemory.Owner
		if os.Getenv("CHAOS_OWNER") != "" {
			o = must(sharedmemory.NewOwner())
		}
		say("ready")
		type block interface {
			Close() error
			Unlink() error
		}
		var mine []block
		for n := int64(0); ; n++ {
			cfg := sharedmemory.Config{}
			if rand.IntN(2) == 0 {
				cfg.Name = "named" + strconv.Itoa(rand.IntN(4))
			}
			create, createList := sharedmemory.Create, sharedmemory.CreateShareableList
			if o != nil && rand.IntN(2) == 0 {
				create, createList = o.Create, o.CreateList
			}
			var b block
			var err error
			if rand.IntN(2) == 0 {
				cfg.Name += "list" // as names of blocks and of lists are told apart
				b, err = createList(cfg, chaosItems(n)...)
			} else {
				cfg.Size = 1 + rand.IntN(1<<15)
				b, err = create(cfg)
			}
			if err != nil {
				if !errors.Is(err, fs.ErrExist) {
					say(err)
					os.Exit(1)
				}
				continue
			}
			if rand.IntN(2) == 0 {
				b.Close()
			}
			mine = append(mine, b)
			if len(mine) > 8 {
				mine[0].Close()
				if err := mine[0].Unlink(); err != nil {
					say("unlinking my own:", err)
					os.Exit(1)
				}
				mine = mine[1:]
			}
		}
	}
}

// Creators are killed at random moments, others go on, somebody attaches, and
// somebody sweeps. No list is ever seen half made, nobody loses what is his, and
// after a last sweep nothing is left.
func TestChaos(t *testing.T) {
	leak.Check(t)
	kills := 20
	if n, err := strconv.Atoi(os.Getenv("CONEX_CHAOS")); err == nil {
		kills = n
	}
	for name, set := range map[string]string{"aside": "", "in place": "CHAOS_IN_PLACE=1", "owner": "CHAOS_OWNER=1"} {
		dir, env := ownDir(t)
		t.Run(name, func(t *testing.T) { chaos(t, dir, kills/3+1, env, set) })
	}
}

func chaos(t *testing.T, dir string, kills int, env ...string) {
	aside := !slices.Contains(env, "CHAOS_IN_PLACE=1")
	var stop atomic.Bool
	var wg sync.WaitGroup
	attached := 0
	wg.Go(func() {
		for !stop.Load() {
			l, err := sharedmemory.AttachShareableList("named" + strconv.Itoa(rand.IntN(4)) + "list")
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if !aside && (errors.Is(err, sharedmemory.ErrTooShort) || errors.Is(err, sharedmemory.ErrCorrupt) || err == nil && l.Len() == 0) {
				continue // half made: as CPython makes them
			}
			if err != nil {
				t.Error(err)
				return
			}
			attached++
			items, err := l.Items()
			if err != nil || aside && !slices.Equal(items, chaosItems(items[0].(int64))) {
				t.Errorf("half made: %v, %v", items, err)
				return
			}
			if err := l.Close(); err != nil {
				t.Error(err)
				return
			}
		}
	})
	wg.Go(func() {
		for !stop.Load() {
			if _, err := sharedmemory.Sweep(); err != nil {
				t.Error(err)
				return
			}
			time.Sleep(time.Millisecond)
		}
	})
	players := make([]*player, 3)
	for i := range players {
		players[i] = play(t, "chaos", env...)
		players[i].line()
	}
	for range kills {
		i := rand.IntN(len(players))
		// Not to wait for something: the moment is to be a random one.
		time.Sleep(time.Duration(rand.IntN(int(10 * time.Millisecond))))
		if err := players[i].cmd.Process.Signal(os.Kill); err != nil {
			t.Fatalf("it has ended by itself: %v, %s", err, players[i].line())
		}
		players[i].ended = true
		state, _ := players[i].cmd.Process.Wait()
		if state.Exited() {
			t.Fatalf("it has ended by itself: %v, %s", state, players[i].line())
		}
		players[i] = play(t, "chaos", env...)
		players[i].line()
	}
	for _, p := range players {
		p.kill()
	}
	stop.Store(true)
	wg.Wait()
	eventually(t, "nothing is left", func() bool {
		// Janitors may still be at it, and a fork of a killed program may hold
		// a lock until its exec.
		if _, err := sharedmemory.Sweep(); err != nil {
			t.Fatal(err)
		}
		return len(in(t, dir)) == 0
	})
	if testing.Verbose() {
		fmt.Printf("%d kills, %d lists attached to\n", kills, attached)
	}
}
