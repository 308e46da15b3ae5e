package subprocess

import "sync"

// A gather collects an output up to its end, in a goroutine of its own. So the
// program need not wait for us between two calls of Communicate, and no call
// has to be able to stop a read.
type gather struct {
	o    *outPipe
	max  int64         // how much is kept, or 0
	done chan struct{} // closed at the end
	err  error         // what the reading ended with; valid after done

	mu    sync.Mutex // protects following
	parts [][]byte   // what came
	pages [][]byte   // those of them that are to be freed
	n     int        // length of what is used of the last one
	total int64      // and of all
	over  bool       // there was more than max
	data  []byte     // all of it, at the end
}

// firstPart is room for the output of most programs.
const firstPart = 32 << 10

var firstParts = sync.Pool{New: func() any { return new([firstPart]byte) }}

// newGather takes over o.
func newGather(p *Popen, o *outPipe) *gather {
	g := &gather{o: o, max: p.cmd.MaxCapture, done: make(chan struct{})}
	p.bound(o)
	go func() {
		defer close(g.done)
		defer g.join()
		defer o.Close()
		p.guard(o.name, func() error {
			o.mu.Lock()
			defer o.mu.Unlock()
			defer o.modest()
			g.err = ended(g.collect(p))
			return nil
		})
	}()
	return g
}

// collect reads up to the end.
func (g *gather) collect(p *Popen) error {
	o := g.o
	// What was read before is text if the Cmd says so, and the rest goes the
	// same way. Otherwise it becomes text in the end, all at once.
	src := o.src
	if o.text && !o.begun {
		src = (*outFile)(o)
	}
	for o.r < o.w {
		k := copy(g.room(), o.store[o.r:o.w])
		o.r += k
		if g.add(k) {
			p.proc.Kill()
			return nil
		}
	}
	o.store = nil
	if o.err != nil {
		return o.err
	}
	for {
		k, err := src.Read(g.room())
		if g.add(k) {
			p.proc.Kill()
			return nil
		}
		if err != nil {
			return err
		}
		o.quick()
	}
}

// room returns where to read to. Only the goroutine that collects changes parts.
func (g *gather) room() []byte {
	var last []byte
	if n := len(g.parts); n > 0 {
		last = g.parts[n-1]
	}
	if g.n == len(last) {
		last = g.next()
	}
	room := last[g.n:]
	if left := g.max - g.total; g.max > 0 && int64(len(room)) > left {
		room = room[:left+1] // the one byte says that it is too much
	}
	return room
}

// next adds a part.
func (g *gather) next() []byte {
	var b, pages []byte
	size := 4 * g.total
	switch {
	case len(g.parts) == 0:
		b = firstParts.Get().(*[firstPart]byte)[:]
	case size >= minPages:
		pages = newPages(int(min(size, maxPages)))
		b = pages
	}
	if b == nil {
		b = make([]byte, min(size, minPages))
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if pages != nil {
		g.pages = append(g.pages, pages)
	}
	g.parts, g.n = append(g.parts, b), 0
	return b
}

// add counts what came, and says whether it is too much now.
func (g *gather) add(k int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.n += k
	g.total += int64(k)
	if g.max > 0 && g.total > g.max {
		g.n--
		g.total--
		g.over = true
	}
	return g.over
}

// join makes one piece of the parts, and gives them back.
func (g *gather) join() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.data = g.all()
	if len(g.parts) > 0 {
		firstParts.Put((*[firstPart]byte)(g.parts[0]))
	}
	for _, b := range g.pages {
		freePages(b)
	}
	g.parts, g.pages = nil, nil
}

// all is a copy of what came so far. The caller holds mu.
func (g *gather) all() []byte {
	all := make([]byte, 0, g.total)
	for i, b := range g.parts {
		if i == len(g.parts)-1 {
			b = b[:g.n]
		}
		all = append(all, b...)
	}
	return all
}

// soFar is a copy of what came so far; nil if g is.
func (g *gather) soFar() []byte {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.parts == nil && g.data != nil {
		return g.data
	}
	return g.all()
}
