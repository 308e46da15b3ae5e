package sharedmemory

import "sync/atomic"

// An attachment is what a SharedMemory refers to, and what its cleanup closes.
// It must not refer to the SharedMemory.
//
// state tells who is inside, in one word, so that closing and using exclude
// each other without a lock: the calls that use the memory right now, the views
// that are open, and whether it is closed. Who leaves a closed attachment last
// gives the mapping back, so Close waits for nobody and no call loses the
// memory under its feet.
type attachment struct {
	m        *mapping
	mem      []byte // the mapping's, the block's size
	state    atomic.Int64
	released atomic.Bool
	pinned   atomic.Bool // Bytes were taken: the collector must not unmap
	sent     bool        // came inside an argument: the collector always unmaps
}

const (
	oneUser   = 1
	oneView   = 1 << 32
	usersMask = oneView - 1
	closedBit = -1 << 63
)

// enter makes the memory safe to use until leave, unless a is closed.
func (a *attachment) enter() bool {
	if a == nil {
		return false
	}
	if a.state.Add(oneUser) < 0 {
		a.leave()
		return false
	}
	return true
}

func (a *attachment) leave() {
	if a.state.Add(-oneUser) == closedBit {
		a.release()
	}
}

// addView keeps a from being closed until dropView, unless it is closed.
func (a *attachment) addView() bool {
	if a == nil {
		return false
	}
	for {
		s := a.state.Load()
		if s < 0 {
			return false
		}
		if a.state.CompareAndSwap(s, s+oneView) {
			return true
		}
	}
}

func (a *attachment) dropView() { a.state.Add(-oneView) }

// close lets nobody in any more. It answers ErrInUse while views are open.
func (a *attachment) close() error {
	for {
		s := a.state.Load()
		if s < 0 {
			return nil
		}
		if s&^usersMask != 0 {
			return ErrInUse
		}
		if a.state.CompareAndSwap(s, s|closedBit) {
			if s&usersMask == 0 {
				a.release()
			}
			return nil
		}
	}
}

func (a *attachment) release() {
	if a.released.CompareAndSwap(false, true) {
		a.m.unref()
	}
}

// collected is what the collector does when nothing refers to the
// SharedMemory any more: nobody is inside, and views that were forgotten with
// it count no more.
func (a *attachment) collected() {
	if a.sent || !a.pinned.Load() {
		a.state.Or(closedBit)
		a.release()
	}
}
