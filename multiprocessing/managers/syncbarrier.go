package managers

import (
	"context"
	"fmt"
	"sync"

	"github.com/conexgo/conex/pickle"
	"github.com/conexgo/conex/threading"
)

// BarrierType is threading.Barrier(parties, action=None, timeout=None). The
// action is a value with the method of [Callable]: Python's functions do not
// run in a Go server, so a Python client can give one only if the server's
// Types make such a value of it, see [Types.Class].
//
// A client that vanishes while it waits breaks the barrier, as one does whose
// timeout is over: the others would wait for it in vain.
var BarrierType = newType(barrierClass, func(c *call) (any, error) {
	got, err := sigBarrier.bind(c)
	if err != nil {
		return nil, err
	}
	n, err := size(got[0])
	if err != nil {
		return nil, err
	}
	if n < 1 {
		return nil, pickle.ValueError.New("parties must be > 0")
	}
	b := &barrierObject{parties: n, round: newRound()}
	if got[1] != nil {
		var ok bool
		if b.action, ok = got[1].(Callable); !ok {
			return nil, pickle.TypeError.Newf("'%s' object is not callable in a server in Go: see Types.Class", pickle.TypeName(got[1]))
		}
	}
	b.timeout, err = patienceOf(got[2])
	return b, err
})

// A Callable is a value that can be called like a function of Python's: the
// action of a Barrier.
type Callable interface {
	// Call is called in the session of a client, with its context.
	Call(ctx context.Context, args pickle.Tuple, kwds *pickle.Dict) (any, error)
}

// A barrierObject is what is behind the proxy of a Barrier.
type barrierObject struct {
	parties int
	action  Callable // nil: none
	timeout patience // of those who say none

	mu     sync.Mutex
	broken bool
	round  *barrierRound
}

// A barrierRound is one filling of a barrier. Its fields are protected by the
// barrier's lock, and do not change after ended is closed.
type barrierRound struct {
	ended  chan struct{}
	count  int  // who has come
	acting bool // all have, and the action runs
	passed bool // how it ended: all go on, or get an error
}

func newRound() *barrierRound { return &barrierRound{ended: make(chan struct{})} }

// end ends the round, if it is still the present one. The caller holds the lock.
func (b *barrierObject) end(r *barrierRound, passed bool) {
	if b.round == r {
		r.passed = passed
		close(r.ended)
		b.round = newRound()
	}
}

// wait is wait(timeout=None). It returns the caller's place among those who
// have come.
func (b *barrierObject) wait(c *call, timeout any) (any, error) {
	sp, err := patienceOf(timeout)
	if err != nil {
		return nil, err
	}
	if timeout == nil {
		sp = b.timeout
	}
	b.mu.Lock()
	for b.round.acting { // who comes too early waits for the next round
		r := b.round
		b.mu.Unlock()
		if err := c.outlast(r); err != nil {
			return nil, err
		}
		b.mu.Lock()
	}
	if b.broken {
		b.mu.Unlock()
		return nil, threading.ErrBrokenBarrier
	}
	r := b.round
	index := r.count
	r.count++
	if r.count == b.parties {
		if err := b.trip(c, r); err != nil {
			return nil, err
		}
		return int64(index), nil
	}
	b.mu.Unlock()
	if !c.sleep(&waiter{ch: r.ended}, sp) {
		if err := b.late(c, r); err != nil {
			return nil, err
		}
	}
	if !r.passed {
		return nil, threading.ErrBrokenBarrier
	}
	return int64(index), nil
}

// late is for one whose time is over, or whose client is gone: it breaks the
// barrier unless all have come meanwhile.
func (b *barrierObject) late(c *call, r *barrierRound) error {
	gone := c.gone()
	b.mu.Lock()
	if b.round == r && !r.acting {
		b.broken = true
		b.end(r, false)
	}
	b.mu.Unlock()
	if gone != nil {
		return gone
	}
	c.onwards()
	return c.outlast(r)
}

// outlast waits for the end of a round, which is near.
func (c *call) outlast(r *barrierRound) error {
	if c.sleep(&waiter{ch: r.ended}, patience{}) {
		return nil
	}
	if err := c.gone(); err != nil {
		return err
	}
	return errGivenUp()
}

// trip runs the action for the one who has come last, and lets the others go.
// It is called with the lock held, and unlocks.
func (b *barrierObject) trip(c *call, r *barrierRound) (err error) {
	if b.action == nil {
		b.end(r, true)
		b.mu.Unlock()
		return nil
	}
	r.acting = true
	b.mu.Unlock()
	ok := false
	defer func() { // also if the action panics
		b.mu.Lock()
		defer b.mu.Unlock()
		switch {
		case b.round != r: // reset or aborted while the action ran
			if ok {
				err = threading.ErrBrokenBarrier
			}
		case ok:
			b.end(r, true)
		default:
			b.broken = true
			b.end(r, false)
		}
	}()
	if _, err = b.action.Call(c.ctx, nil, nil); err != nil {
		return err
	}
	ok = true
	return nil
}

// stop ends the present round, for reset and abort.
func (b *barrierObject) stop(broken bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.round.count > 0 {
		b.end(b.round, false)
	}
	b.broken = broken
}

func (b *barrierObject) attribute(name any) (any, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch name {
	case "parties":
		return int64(b.parties), nil
	case "n_waiting":
		return int64(b.round.count), nil
	case "broken":
		return b.broken, nil
	}
	return nil, noAttribute("Barrier", name)
}

var barrierClass = &class{
	name: "threading.Barrier",
	methods: map[string]method{
		"__getattribute__": func(c *call, self any) (any, error) {
			got, err := sigGetAttr.bind(c)
			if err != nil {
				return nil, err
			}
			return self.(*barrierObject).attribute(got[0])
		},
		"wait": func(c *call, self any) (any, error) {
			got, err := sigWait.bind(c)
			if err != nil {
				return nil, err
			}
			return self.(*barrierObject).wait(c, got[0])
		},
		"abort": func(c *call, self any) (any, error) {
			if _, err := sigAbort.bind(c); err != nil {
				return nil, err
			}
			self.(*barrierObject).stop(true)
			return nil, nil
		},
		"reset": func(c *call, self any) (any, error) {
			if _, err := sigReset.bind(c); err != nil {
				return nil, err
			}
			self.(*barrierObject).stop(false)
			return nil, nil
		},
	},
	exposed: []string{"__getattribute__", "wait", "abort", "reset"},
	repr: func(self any) string {
		b := self.(*barrierObject)
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.broken {
			return fmt.Sprintf("<threading.Barrier at %s: broken>", address(b))
		}
		return fmt.Sprintf("<threading.Barrier at %s: waiters=%d/%d>", address(b), b.round.count, b.parties)
	},
}

var (
	sigBarrier = sign("Barrier", "parties", "action=None", "timeout=None")
	sigAbort   = sign("abort")
	sigReset   = sign("reset")
)
