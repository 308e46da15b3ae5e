//go:build unix

package python

import (
	"github.com/conexgo/conex/internal/crew"
)

// revoked is what was taken back.
type revoked struct {
	items  int64
	frames int32
}

// Revoke takes back the units that the worker has not read.
func (l *link) Revoke() (items int64, frames int32) {
	l.takeBack()
	r := l.taken
	l.taken = revoked{}
	return r.items, r.frames
}

// takeBack reads them from the worker's end of the socket, where the worker reads
// as well. If it gets one behind one that we got, it drops that one, so that the
// first that we get decides: it and all behind it are ours.
func (l *link) takeBack() {
	first, any := uint64(0), false
	for l.back.receive(int(l.theirs.Fd())) == nil && l.back.n > 0 {
		if n, ok := unitNumber(l.back.bytes()); ok && !any {
			first, any = n, true
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.unsent) > 0 {
		if n, ok := unitNumber(l.unsent[0]); ok && !any {
			first, any = n, true
		}
		l.unsent = nil
	}
	if !any {
		return
	}
	for n := len(l.frames); n > 0 && l.frames[n-1].first >= first; n-- {
		f := l.frames[n-1]
		l.frames = l.frames[:n-1]
		l.bytes -= f.bytes
		l.taken.items += int64(f.items)
		l.taken.frames++
	}
}

// Revocable is the number of items in units that the worker has not begun.
func (l *link) Revocable() (items int64) {
	begun := l.load(pageBegun)
	l.mu.Lock()
	defer l.mu.Unlock()
	for n := len(l.frames); n > 1 && l.frames[n-1].first >= begun; n-- {
		items += int64(l.frames[n-1].items)
	}
	return items
}

// CancelEnded tells the worker which of its items have lost their context. What it
// has not read is taken back before that, since its numbers will be used again; it
// is for Revoke to report.
func (l *link) CancelEnded() bool {
	found := false
	l.w.Each(func(en *crew.Entry) bool {
		found = found || en.Group.Ended()
		return !found
	})
	if !found {
		return false
	}
	l.takeBack()
	end := l.sentItems()
	number := l.w.Ended()
	l.w.Each(func(en *crew.Entry) bool {
		n := min(uint64(en.Items()), end-number)
		if n > 0 && en.Group.Ended() {
			l.cancel(number, uint32(n), whyEnded(en))
		}
		number += n
		return number < end
	})
	return true
}

// sentItems is the number of items that are the worker's, counted from the first.
func (l *link) sentItems() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.frames); n > 0 {
		return l.frames[n-1].first + uint64(l.frames[n-1].items)
	}
	return l.w.Ended()
}

func (l *link) cancel(first uint64, items uint32, why byte) {
	b := le.AppendUint64(nil, first)
	b = le.AppendUint32(b, items)
	l.out.put(letter{kind: frameCancel, payload: append(b, why)})
}

// Expire tells the worker that the time of its item is over.
func (l *link) Expire(item uint64) { l.cancel(item, 1, whyDeadline) }
