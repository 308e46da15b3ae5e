package multiprocessing

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/watch"
	"github.com/conexgo/conex/internal/worker"
)

// stock are the processes that stand by for ForkServer. Python has a server
// process that forks; a Go program cannot fork, so what it would fork is started
// ahead of need instead.
var stock = newStandbys()

func newStandbys() *standbys {
	t := &standbys{size: defaultStock, preload: new(preload)}
	t.idleEnd.L = &t.mu
	return t
}

type standbys struct {
	mu      sync.Mutex // protects what follows
	size    int
	out     streams // of whoever was the last to start something
	preload *preload
	onError PreloadPolicy
	idle    []*standby // the oldest first
	filling bool
	epoch   int       // counts flushes
	pauses  int       // counts what begins when the starts pause; the last one counts
	errands int       // background work
	idleEnd sync.Cond // there is none
}

// A standby is a process that has come up, or is about to, and was not told yet
// what to do.
type standby struct {
	link    *link
	now     settings // of this process when it was taken
	born    settings // of this process when that one was started
	failed  PreloadPolicy
	loads   bool   // it has functions to preload
	up      bool   // it has said that it has come up, and what it preloads has run
	trouble string // what it said of that
}

// start runs c in a process of the stock, or in a new one if there is none that
// can be used. One that has died while it stood by is replaced by the next.
func (t *standbys) start(ctx context.Context, c *call) (*link, error) {
	t.mu.Lock()
	t.out = ourStreams()
	t.mu.Unlock()
	for {
		s, fresh := t.take(), false
		if s == nil {
			var err error
			if s, err = t.launch(); err != nil {
				return nil, err
			}
			fresh = true
		}
		t.refill()
		err := s.link.begin(ctx, c, s)
		if err == nil {
			return s.link, nil
		}
		if fresh || !errors.Is(err, errGone) {
			return nil, err
		}
	}
}

// take returns a process that stands by, nil if there is none.
func (t *standbys) take() *standby {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.idle) == 0 {
		return nil
	}
	now := currentSettings()
	for len(t.idle) > 0 {
		s := t.idle[0]
		t.idle = t.idle[1:]
		if s.dead() || !now.reachableFrom(s.born) {
			t.drop(s)
			continue
		}
		s.now = now
		return s
	}
	return nil
}

func (s *standby) dead() bool {
	select {
	case <-s.link.child.Done():
		return true
	default:
		return false
	}
}

// drop ends s in the background. The caller holds mu.
func (t *standbys) drop(s *standby) { t.errand(s.link.bury) }

// errand makes f background work. The caller holds mu.
func (t *standbys) errand(f func()) {
	t.errands++
	go func() {
		f()
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.errands--; t.errands == 0 {
			t.idleEnd.Broadcast()
		}
	}()
}

// launch starts a process and tells it what to preload.
func (t *standbys) launch() (*standby, error) {
	t.mu.Lock()
	p, policy, out := t.preload, t.onError, t.out
	t.mu.Unlock()
	s := &standby{born: currentSettings(), failed: policy, loads: len(p.Funcs) > 0}
	s.now = s.born
	var err error
	if s.link, err = launch(executable(), out); err != nil {
		return nil, err
	}
	b, err := codec.Append(nil, p)
	if err == nil {
		err = s.link.conn.Send(msgPreload, b, nil)
	}
	if err != nil {
		s.link.bury()
		return nil, fmt.Errorf("%w: %w: %w", errGone, &ExitError{exitCode(s.link.child.Status())}, err)
	}
	return s, nil
}

// quiet is how long starts must pause for a stock that is more than half full to
// be filled up: meanwhile the processors belong to what was started.
const quiet = 2 * time.Millisecond

// refill fills the stock in the background.
func (t *standbys) refill() {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.filling || len(t.idle) >= t.size:
	case len(t.idle) > t.size/2:
		t.pauses++
		mine := t.pauses
		time.AfterFunc(quiet, func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			if !t.filling && t.pauses == mine {
				t.begin()
			}
		})
	default:
		t.begin()
	}
}

// begin starts to fill the stock. The caller holds mu.
func (t *standbys) begin() {
	t.filling = true
	epoch := t.epoch
	t.errand(func() {
		for {
			s, err := t.launch()
			t.mu.Lock()
			over := err != nil || t.epoch != epoch // the next start tries again, and says why it fails
			switch {
			case err == nil && over:
				t.drop(s)
			case err == nil:
				t.idle = append(t.idle, s)
				over = len(t.idle) >= t.size
			}
			if over && t.epoch == epoch {
				t.filling = false
			}
			t.mu.Unlock()
			if over {
				return
			}
		}
	})
}

// flush ends those that stand by: they are not what a new one would be.
func (t *standbys) flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.filling, t.epoch, t.pauses = false, t.epoch+1, t.pauses+1
	for _, s := range t.idle {
		t.drop(s)
	}
	t.idle = nil
}

// stop is flush, and waits.
func (t *standbys) stop() {
	t.flush()
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.errands > 0 {
		t.idleEnd.Wait()
	}
}

// warm fills the stock and waits until all of it is ready.
func (t *standbys) warm(ctx context.Context) error {
	if err := worker.Check(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return watch.Reason(ctx)
	}
	t.mu.Lock()
	size, epoch := t.size, t.epoch
	t.out = ourStreams()
	t.mu.Unlock()
	var ready []*standby
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		for _, s := range ready {
			if t.epoch == epoch && len(t.idle) < t.size { // nobody has changed or filled it meanwhile
				t.idle = append(t.idle, s)
			} else {
				t.drop(s)
			}
		}
	}()
	for len(ready) < size {
		s := t.take()
		if s == nil {
			var err error
			if s, err = t.launch(); err != nil {
				return about("warming the stock", err)
			}
		}
		if err := s.ready(ctx); err != nil {
			return about("warming the stock", err)
		}
		ready = append(ready, s)
	}
	return nil
}

// ready waits until s has come up.
func (s *standby) ready(ctx context.Context) error {
	stop := context.AfterFunc(ctx, s.link.abandon)
	err := s.preloaded()
	if stop() && err == nil {
		return nil
	}
	s.link.bury()
	if ctx.Err() != nil {
		return watch.Reason(ctx)
	}
	return err
}

// prepare makes s, if it is one, ready for c.
func (s *standby) prepare(c *call) error {
	if s == nil {
		return nil
	}
	if s.loads {
		if err := s.preloaded(); err != nil {
			return err
		}
	}
	return s.update(c)
}

// preloaded waits until s has preloaded what it should.
func (s *standby) preloaded() error {
	for !s.up {
		fr, _, err := s.link.conn.Recv(true)
		if err != nil {
			return err
		}
		if fr.Type == msgPreloaded {
			s.up, s.trouble = true, string(fr.Payload)
		}
	}
	switch {
	case s.trouble == "":
	case s.failed == PreloadFail:
		return refusal{"preloading " + s.trouble}
	case s.failed == PreloadWarn:
		fmt.Fprintf(os.Stderr, "multiprocessing: preloading %s\n", s.trouble)
		s.trouble = ""
	}
	return nil
}
