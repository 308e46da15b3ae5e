package managers

import (
	"iter"
	"slices"
	"sync"

	"github.com/conexgo/conex/pickle"
)

// IteratorType is what iterators are served as: keys of a dict, results of a
// pool, and the sequences that functions in Go return.
var IteratorType = newType(iteratorClass, nil)

var iteratorClass = &class{
	name: "generator",
	methods: map[string]method{
		"__next__": func(c *call, self any) (any, error) {
			if _, err := sigNext.bind(c); err != nil {
				return nil, err
			}
			return self.(*iterator).next(c)
		},
		"close": func(c *call, self any) (any, error) {
			self.(*iterator).close()
			return nil, nil
		},
		// What a generator does that was not written to be talked to.
		"send": func(c *call, self any) (any, error) {
			got, err := sigSend.bind(c)
			if err != nil {
				return nil, err
			}
			if got[0] != nil {
				return nil, pickle.TypeError.New("can't send non-None value to a just-started generator")
			}
			return self.(*iterator).next(c)
		},
		"throw": func(c *call, self any) (any, error) {
			got, err := sigThrow.bind(c)
			if err != nil {
				return nil, err
			}
			self.(*iterator).close()
			if e, ok := got[0].(*pickle.Exception); ok {
				return nil, e
			}
			return nil, pickle.TypeError.New("exceptions must be classes or instances deriving from BaseException")
		},
	},
	exposed: []string{"__next__", "send", "throw", "close"},
	close:   func(self any) { self.(*iterator).close() },
}

var (
	sigNext  = sign("__next__")
	sigSend  = sign("send", "/value")
	sigThrow = sign("throw", "/typ", "/val=None", "/tb=None")
)

// An iterator is a sequence at some place in it.
type iterator struct {
	mu    sync.Mutex
	pull  func(c *call) (v any, ok bool, err error)
	stop  func()
	ended bool
}

// iterate returns an iterator over items, which must not change.
func iterate(items []any) *iterator {
	return &iterator{pull: func(*call) (any, bool, error) {
		if len(items) == 0 {
			return nil, false, nil
		}
		v := items[0]
		items = items[1:]
		return v, true, nil
	}}
}

// iterateSeq returns an iterator over a sequence.
func iterateSeq(seq iter.Seq2[any, error]) *iterator {
	next, stop := iter.Pull2(seq)
	return &iterator{
		pull: func(*call) (any, bool, error) {
			v, err, ok := next()
			return v, ok, err
		},
		stop: stop,
	}
}

func (i *iterator) next(c *call) (any, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.ended {
		v, ok, err := i.pull(c)
		if ok || err != nil {
			return v, err
		}
		i.end()
	}
	return nil, pickle.StopIteration.New()
}

func (i *iterator) close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.end()
}

func (i *iterator) end() {
	if !i.ended && i.stop != nil {
		i.stop()
	}
	i.ended = true
}

// snapshot copies items that may change.
func snapshot(items []any) []any { return slices.Clone(items) }
