package multiprocessing

import (
	"sync/atomic"

	"github.com/conexgo/conex/internal/peer"
	"github.com/conexgo/conex/threading"
)

// An account is the slot of a process in a semaphore's memory. Its balance is
// how many permits the process has acquired and not released. While the process
// is the tenant of the word, its balance is what the word says, and the slot is
// out of date; else it is what the slot says. So a process that operates again
// and again, with nobody in between, changes one word only.
//
// Whoever takes over the word first writes the tenant's balance into the
// tenant's slot, and then replaces the word by one of its own:
//
//  1. read the word w: another process is the tenant
//  2. read the tenant's slot; read the word again: still w
//  3. CompareAndSwap the slot to the balance in w, and a new version
//  4. read one's own slot: that is one's balance
//  5. CompareAndSwap the word from w to a new one, with oneself as tenant
//
// Why that is exact:
//
//   - Step 5 alone commits. A process that is killed before it has changed
//     nothing that counts, since the slot of a tenant does not count; one that is
//     killed after it has done all. So there is nothing to help with and nothing
//     to repair.
//   - The word's number makes every word new, so if step 5 succeeds the word was w
//     all the time since step 1.
//   - Meanwhile the tenant's slot keeps what step 3 wrote. Another process could
//     write into it only after its own step 2. If it saw the slot before our step
//     3, its step 3 fails, as ours has changed the version: that is why step 3 is
//     not left out if the balance is there already. If it saw the slot after it,
//     it saw w as well, and writes the same balance.
//   - That goes on after step 5: who is late with step 3 writes the same again,
//     until the process is the tenant once more; then the slot does not count,
//     and the next one's step 3 makes the late ones fail.
//   - So in step 4 one's own slot has one's balance, for one is not the tenant.
//   - A word that was w, was another one, and is w again would deceive. The number
//     comes again after 2^(56-2n) operations on that semaphore, with n of the
//     layout: years for small ones, tenths of a second for the largest. To be
//     deceived, a process must be stopped between steps 1 and 5 for a multiple of
//     that, exactly.
//
// When a process is dead, any other one may operate on behalf of its slot: it
// makes the slot the tenant, with the balance 0, and adds to the value what the
// balance was. That is one step 5, so it happens once whoever tries. The slot's
// id was read after the word, and a slot goes to another process only when its
// balance is 0: had it gone to another process meanwhile, and that one acquired
// permits, the word would not be the same.
type account struct {
	id    atomic.Uint64 // the process; 0: nobody yet
	state atomic.Uint64 // the balance, in the low balanceBits, and the version
}

const balanceBits = 16

// takeOver does steps 2 to 4 for the slot me. It fails if the word is not w any
// more; its error is ErrCorrupt.
func (s *sem) takeOver(w uint64, me uint8) (balance uint64, ok bool, err error) {
	if tenantOf(w) == me {
		return s.balanceOf(w), true, nil
	}
	if !s.writeBack(w) {
		return 0, false, nil
	}
	s.pause()
	balance = s.mem.slots[me].state.Load() & (1<<balanceBits - 1)
	switch {
	case s.mem.word.Load() != w:
		return 0, false, nil
	case balance+s.valueOf(w)+s.balanceOf(w) > s.initial:
		return 0, false, ErrCorrupt
	}
	s.pause()
	return balance, true, nil
}

// writeBack does steps 2 and 3.
func (s *sem) writeBack(w uint64) bool {
	state := &s.mem.slots[tenantOf(w)].state
	old := state.Load()
	s.pause()
	if s.mem.word.Load() != w {
		return false
	}
	s.pause()
	return state.CompareAndSwap(old, old>>balanceBits<<balanceBits+1<<balanceBits|s.balanceOf(w))
}

// held is the balance of a slot whose process is dead, if the word is w.
func (s *sem) held(w uint64, slot uint8) uint64 {
	if tenantOf(w) == slot {
		return s.balanceOf(w)
	}
	return s.mem.slots[slot].state.Load() & (1<<balanceBits - 1)
}

// settle returns the permits of processes that are dead, and reports whether
// there were any. It looks at no more than the given number of processes that
// have permits, and goes on with the others next time.
func (s *sem) settle(most int) (some bool) {
	from := s.lookAt.Load()
	for i := uint32(1); i <= lastSlot; i++ {
		w := s.mem.word.Load()
		if !s.valid(w) || tenantOf(w) == keepsNone || s.valueOf(w) == s.initial {
			break
		}
		id := peer.ID(s.mem.slots[i].id.Load())
		if id == 0 {
			break // slots are given out in order
		}
		if i < from || id == s.self || s.held(w, uint8(i)) == 0 {
			continue
		}
		if most == 0 {
			s.lookAt.Store(i)
			return some
		}
		most--
		if !s.alive(id) && s.bury(uint8(i), id) {
			some = true
		}
	}
	s.lookAt.Store(0)
	return some
}

// bury returns the permits of a slot if it still belongs to the given process,
// which is dead.
func (s *sem) bury(slot uint8, id peer.ID) bool {
	for {
		w := s.mem.word.Load()
		s.pause()
		if !s.valid(w) || tenantOf(w) == keepsNone || peer.ID(s.mem.slots[slot].id.Load()) != id {
			return false
		}
		balance := s.held(w, slot)
		if balance == 0 {
			return false
		}
		if tenantOf(w) != slot {
			var ok bool
			var err error
			if balance, ok, err = s.takeOver(w, slot); err != nil {
				return false
			} else if !ok {
				continue
			}
		}
		s.pause()
		if s.mem.word.CompareAndSwap(w, s.after(w, s.valueOf(w)+balance, 0, slot)) {
			s.pause()
			s.ring()
			return true
		}
	}
}

// mine returns this process's slot. It finds one if there is none yet: one that
// it had before, one that nobody has had, one whose process is dead, or else
// noTenant, for good.
func (s *sem) mine() uint8 {
	if slot := s.slot.Load(); slot != noSlot {
		return uint8(slot)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if slot := s.slot.Load(); slot != noSlot {
		return uint8(slot)
	}
	slot := s.findSlot()
	s.slot.Store(uint32(slot))
	return slot
}

func (s *sem) findSlot() uint8 {
	for i := 1; i <= lastSlot; i++ {
		if peer.ID(s.mem.slots[i].id.Load()) == s.self {
			return uint8(i)
		}
	}
	for i := 1; i <= lastSlot; i++ {
		if s.mem.slots[i].id.CompareAndSwap(0, uint64(s.self)) {
			return uint8(i)
		}
	}
	for i := uint8(1); i <= lastSlot; i++ {
		id := peer.ID(s.mem.slots[i].id.Load())
		if s.alive(id) {
			continue
		}
		s.bury(i, id)
		// The dead acquire no more: what is 0 stays so.
		if s.held(s.mem.word.Load(), i) == 0 && s.mem.slots[i].id.CompareAndSwap(uint64(id), uint64(s.self)) {
			return i
		}
	}
	return noTenant
}

// trySlow is try for who is not the tenant.
func (s *sem) trySlow() (bool, error) {
	for {
		w := s.mem.word.Load()
		s.pause()
		switch {
		case !s.valid(w):
			return false, ErrCorrupt
		case s.free(w) == 0:
			return false, nil
		case tenantOf(w) == keepsNone:
			if !s.mem.word.CompareAndSwap(w, plain(w>>32-1)) {
				continue
			}
		default:
			me := s.mine()
			balance, ok, err := s.takeOver(w, me)
			if err != nil {
				return false, err
			}
			if !ok || !s.mem.word.CompareAndSwap(w, s.after(w, s.valueOf(w)-1, balance+1, me)) {
				continue
			}
			s.pause()
		}
		if raceEnabled {
			s.order.Load()
		}
		return true, nil
	}
}

// releaseSlow is release for who is not the tenant or has no permits.
func (s *sem) releaseSlow() error {
	for {
		w := s.mem.word.Load()
		s.pause()
		var next uint64
		switch value := s.free(w); {
		case !s.valid(w):
			return ErrCorrupt
		case value >= s.most:
			return s.full()
		case tenantOf(w) == keepsNone:
			next = plain(value + 1)
		default:
			me := s.mine()
			balance, ok, err := s.takeOver(w, me)
			switch {
			case err != nil:
				return err
			case !ok:
				continue
			case balance > 0:
				next = s.after(w, value+1, balance-1, me)
			case s.settle(lastSlot):
				continue // before the accounts are given up
			default:
				next = plain(value + 1)
			}
		}
		if s.mem.word.CompareAndSwap(w, next) {
			s.pause()
			if s.mem.asleep.Load() != 0 {
				s.ring()
			}
			return nil
		}
	}
}

// full is the error of a release too many.
func (s *sem) full() error {
	if s.bounded {
		return threading.ErrReleasedTooOften
	}
	return errFull
}

// pause is where tests look at an operation that is half done.
func (s *sem) pause() {
	if s.step != nil {
		s.step()
	}
}
