//go:build unix

package python

import (
	"time"

	"github.com/conexgo/conex/internal/crew"
)

// Results wait in the page for the end of their unit, so that a call costs no system
// call. When an item takes longer than was thought, those before it would wait for
// it: then they are read from the page.

// tick is how long they wait at most, about.
const tick = 5 * time.Millisecond

// arm makes l.tick run after a tick. The caller holds mu.
func (l *link) arm() {
	if l.armed {
		return
	}
	l.armed = true
	if l.timer == nil {
		l.timer = time.AfterFunc(tick, l.tick)
	} else {
		l.timer.Reset(tick)
	}
}

// tick looks whether the worker has begun nothing since the last tick, and reads its
// finished results if so.
func (l *link) tick() {
	l.mu.Lock()
	on := l.armed
	l.armed = false
	l.mu.Unlock()
	if !on {
		return // Free has been here
	}
	if l.w.TryLock() { // else its results are just being taken in
		if l.w.Reads() {
			l.resend()
			begun := l.load(pageBegun)
			if begun == l.seen && begun > l.w.Ended()+1 {
				l.takeArea()
			}
			l.seen = begun
		}
		on = l.w.Reads()
		l.w.Unlock()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	again := len(l.unsent) > 0
	for i := range l.frames {
		again = again || l.frames[i].items > 1
	}
	if on && again {
		l.arm()
	}
}

// takeArea takes in what is in the page and was not known. The worker may write
// there meanwhile: then it has got on, and there is no need to look.
func (l *link) takeArea() {
	begun, epoch, used := l.load(pageBegun), l.load(pageEpoch), l.load(pageUsed)
	if used > maxMessage {
		return
	}
	l.snapshot = append(l.snapshot[:0], l.page.Mem[areaAt:areaAt+used]...)
	if l.load(pageEpoch) != epoch || l.load(pageBegun) != begun {
		return
	}
	first, _, b, err := resultsHead(l.snapshot)
	if err != nil || first > l.w.Ended() {
		return
	}
	if _, err := l.take(first, upToFiles(b), nil); err != nil {
		l.w.Corrupt(err)
	}
	l.w.Account()
}

// upToFiles returns the results before the first one that comes with a descriptor,
// or is a piece of a stream: those come by message only.
func upToFiles(b []byte) []byte {
	for rest := b; len(rest) > 0; {
		status, _, next, err := nextResult(rest)
		if err != nil || status == statusLarge || status >= statusArrays && status != statusTime || isItem(status) {
			return b[:len(b)-len(rest)]
		}
		rest = next
	}
	return b
}

// Recover takes in what the worker had finished and not sent when it died.
func (l *link) Recover() (lost []crew.Entry) {
	if l.page != nil && l.w.Reads() {
		l.takeArea()
	}
	return nil
}
