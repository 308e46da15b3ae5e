package crew

import "sync/atomic"

// A flight is the queue of what one worker has been sent: a fixed ring of
// entries with a producer under mu and a consumer under rd.
type flight struct {
	buf        []Entry
	head, tail atomic.Uint64
}

// flightMax bounds how many entries a worker has at a time.
const flightMax = 4096

func (f *flight) room() int     { return flightMax - int(f.tail.Load()-f.head.Load()) }
func (f *flight) empty() bool   { return f.tail.Load() == f.head.Load() }
func (f *flight) front() *Entry { return &f.buf[f.head.Load()%flightMax] }

func (f *flight) push(en Entry) {
	if f.buf == nil {
		f.buf = make([]Entry, flightMax)
	}
	t := f.tail.Load()
	f.buf[t%flightMax] = en
	f.tail.Store(t + 1)
}

func (f *flight) pop() Entry {
	h := f.head.Load()
	en := f.buf[h%flightMax]
	f.buf[h%flightMax] = Entry{}
	f.head.Store(h + 1)
	return en
}

// drop is pop for an entry that nobody needs any more.
func (f *flight) drop() {
	h := f.head.Load()
	f.buf[h%flightMax] = Entry{}
	f.head.Store(h + 1)
}

// takeBack removes the last n items. The caller holds rd and mu.
func (f *flight) takeBack(p *Pool, n int64) (back []Entry) {
	for n > 0 && !f.empty() {
		t := f.tail.Load() - 1
		en := &f.buf[t%flightMax]
		if k := en.Items(); k <= n {
			back = append(back, *en)
			*en = Entry{}
			f.tail.Store(t)
			n -= k
			continue
		}
		rest := p.split(en, int32(en.Items()-n)) // what stays
		back = append(back, *en)
		*en = rest
		n = 0
	}
	return back
}
