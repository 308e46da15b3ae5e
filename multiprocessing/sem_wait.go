package multiprocessing

import (
	"context"

	"github.com/conexgo/conex/internal/futex"
	"github.com/conexgo/conex/internal/wait"
)

// settleAtOnce is how many processes a waiter looks at, each time its wait is
// over without a reason, which takes some microseconds for each.
const settleAtOnce = 32

// acquire takes a permit on behalf of obj, and waits for it.
func (s *sem) acquire(ctx context.Context, obj any) error {
	if ok, err := s.try(); ok || err != nil {
		return err
	}
	if ctx.Err() == nil && s.spin.until(func() bool { return s.free(s.mem.word.Load()) > 0 }) {
		if ok, err := s.try(); ok || err != nil {
			return err
		}
	}
	return s.sleep(ctx, obj)
}

// sleep is the rest of acquire.
//
// Who is going to sleep reads the bell, says that somebody is asleep, looks for
// a permit, and sleeps while the bell has not changed. Who releases one adds it,
// and if somebody is asleep says that nobody is, changes the bell, and wakes
// one. So a sleeper whose word is taken back finds the bell changed. There may
// be more sleepers than the one that is woken: it says again that somebody is
// asleep, before it looks, and if it leaves permits behind it wakes the next. A
// process that is killed in the middle of that costs the others one poll.
func (s *sem) sleep(ctx context.Context, obj any) error {
	if err := s.turn.Acquire(ctx, obj); err != nil {
		if ok, bad := s.try(); ok || bad != nil {
			return bad
		}
		return err // who has the turn looks after the dead
	}
	defer s.turn.Release()
	var poll futex.Poll
	for {
		bell := s.mem.bell.Load()
		s.mem.asleep.Store(1)
		if ok, err := s.try(); ok || err != nil {
			s.passOn()
			return err
		}
		if err := futex.Wait(ctx, &s.mem.bell, bell, poll.Next()); err != nil {
			err = s.last(err)
			s.passOn()
			return err
		}
		if s.mem.bell.Load() == bell {
			s.settle(settleAtOnce) // the time is over, or a child has died
		}
	}
}

// last is the last try of who gives up for the reason err.
func (s *sem) last(err error) error {
	ok, bad := s.try()
	if !ok && bad == nil && s.settle(lastSlot) {
		ok, bad = s.try()
	}
	if ok || bad != nil {
		return bad
	}
	return err
}

// passOn wakes the next sleeper if there is something for it.
func (s *sem) passOn() {
	if s.free(s.mem.word.Load()) > 0 && s.mem.asleep.Load() != 0 {
		s.ring()
	}
}

// ring wakes a sleeper.
func (s *sem) ring() {
	s.mem.asleep.Store(0)
	s.mem.bell.Add(1)
	wait.Mark(&s.mem.waker)
	futex.Wake(&s.mem.bell, 1)
}

// tryOrSettle is try that also takes what the dead have left.
func (s *sem) tryOrSettle() (bool, error) {
	ok, err := s.try()
	if !ok && err == nil && s.settle(lastSlot) {
		return s.try()
	}
	return ok, err
}
