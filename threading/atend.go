package threading

import "github.com/conexgo/conex/internal/current"

func init() {
	current.SetAtEnd(func(t current.Thread, f func()) (stop func(), ok bool) {
		if t, is := t.(*Thread); is && t != nil {
			return t.atEnd(f)
		}
		return nil, false
	})
}

// atEnd has f called when t ends: for what other packages keep for a thread,
// such as the connection of a proxy. It reports false if t has ended.
func (t *Thread) atEnd(f func()) (stop func(), ok bool) {
	ls := t.localsOf()
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.over || !t.Alive() {
		return nil, false
	}
	if ls.ends == nil {
		ls.ends = map[*func()]struct{}{}
	}
	ls.ends[&f] = struct{}{}
	return func() {
		ls.mu.Lock()
		defer ls.mu.Unlock()
		delete(ls.ends, &f)
	}, true
}

// localsOf returns what t keeps for others, and makes it if need be.
func (t *Thread) localsOf() *locals {
	x := t.more()
	ls := x.locals.Load()
	if ls == nil {
		x.locals.CompareAndSwap(nil, new(locals))
		ls = x.locals.Load()
	}
	return ls
}
