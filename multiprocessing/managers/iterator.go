package managers

import (
	"iter"
	"slices"
	"sync"

	"github.com/conexgo/conex/pickle"
)

// IteratorType is what iterators are served as: keys of a dict, results of a
// pool, and the sequences that functions in Go return. They do what a generator
// of Python's does that never looks at what is sent to it.
var IteratorType = newType(iteratorClass, nil)

var iteratorClass = &class{
	name: "generator",
	methods: map[string]method{
		"__next__": slot("__next__", 0, func(i *iterator, c *call, _ []any) (any, error) { return i.next(c) }),
		"close":    noArgs("generator.close", func(i *iterator, c *call) (any, error) { return nil, i.close() }),
		"send": oneArg("generator.send", func(i *iterator, c *call, v any) (any, error) {
			if v != nil && !i.begun() {
				return nil, pickle.TypeError.New("can't send non-None value to a just-started generator")
			}
			return i.next(c)
		}),
		"throw": someArgs("generator.throw", 1, 3, func(i *iterator, c *call, args []any) (any, error) {
			e, err := thrown(args)
			if err != nil {
				return nil, err
			}
			if err := i.close(); err != nil {
				return nil, err
			}
			return nil, e
		}),
	},
	exposed: []string{"__next__", "send", "throw", "close"},
	repr: func(self any) string {
		return "<" + self.(*iterator).kind() + " object at " + address(self) + ">"
	},
	adopt: adoptIterator,
	close: func(self any) { self.(*iterator).abandon() },
}

// thrown is the exception that the arguments of throw mean: an instance, or a
// class and what it is made with.
func thrown(args []any) (*pickle.Exception, error) {
	var v any
	if len(args) > 1 {
		v = args[1]
	}
	switch e := args[0].(type) {
	case *pickle.Exception:
		if v != nil {
			return nil, pickle.TypeError.New("instance exception may not have a separate value")
		}
		return e, nil
	case pickle.Global:
		switch v := v.(type) {
		case nil:
			return &pickle.Exception{Class: e}, nil
		case *pickle.Exception:
			return v, nil
		case pickle.Tuple:
			return &pickle.Exception{Class: e, Args: v}, nil
		}
		return &pickle.Exception{Class: e, Args: pickle.Tuple{v}}, nil
	}
	return nil, pickle.TypeError.Newf("exceptions must be classes or instances deriving from BaseException, not %s", typeName(args[0]))
}

// An iterator is a sequence at some place in it. It takes one step at a time: a
// client that asks for the next item while another one waits for it gets
// Python's ValueError.
type iterator struct {
	name string // of its type in Python, if it is no generator

	// pull takes a step; ok false is the end. An error is that of a step, after
	// which there may be others. c.ctx ends when nobody waits for the item.
	pull func(c *call) (v any, ok bool, err error)
	stop func() // ends the sequence before its time; nil: nothing to do

	mu      sync.Mutex
	started bool
	running bool // in pull
	ended   bool
	stopped bool // stop has been called, or need not be
}

// iterate returns an iterator over items, which must not change.
func iterate(items []any) *iterator { return iterateChecked("list_iterator", items, nil) }

// iterateChecked returns one that takes no step after check has failed.
func iterateChecked(name string, items []any, check func() error) *iterator {
	return &iterator{name: name, pull: func(*call) (any, bool, error) {
		if check != nil {
			if err := check(); err != nil {
				return nil, false, err
			}
		}
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

func (i *iterator) kind() string {
	if i.name == "" {
		return "generator"
	}
	return i.name
}

func (i *iterator) begun() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.started
}

func (i *iterator) next(c *call) (v any, err error) {
	i.mu.Lock()
	i.started = true
	switch {
	case i.running:
		i.mu.Unlock()
		return nil, errExecuting
	case i.ended:
		i.mu.Unlock()
		return nil, pickle.StopIteration.New()
	}
	i.running = true
	i.mu.Unlock()

	more := false // also after a panic
	defer func() {
		i.mu.Lock()
		i.running = false
		if !more {
			i.ended = true
		}
		i.settle()
	}()
	v, ok, err := i.pull(c)
	more = ok || err != nil
	if !more {
		return nil, pickle.StopIteration.New()
	}
	return v, err
}

var errExecuting = pickle.ValueError.New("generator already executing")

// close ends the sequence, unless a step is being taken.
func (i *iterator) close() error {
	i.mu.Lock()
	if i.running {
		i.mu.Unlock()
		return errExecuting
	}
	i.ended = true
	i.settle()
	return nil
}

// abandon ends the sequence, after the step that is being taken.
func (i *iterator) abandon() {
	i.mu.Lock()
	i.ended = true
	i.settle()
}

// settle stops what has ended, and unlocks.
func (i *iterator) settle() {
	stop := i.ended && !i.running && !i.stopped && i.stop != nil
	i.stopped = i.stopped || stop
	i.mu.Unlock()
	if stop {
		i.stop()
	}
}

// rest takes all steps that are left.
func (i *iterator) rest(c *call) (items []any, err error) {
	for {
		v, err := i.next(c)
		if err != nil {
			if e := exception(err); e.Class == builtin("StopIteration") {
				return items, nil
			}
			return nil, err
		}
		if err := room(c, int64(len(items))+1); err != nil {
			return nil, err
		}
		items = append(items, v)
	}
}

// snapshot copies items that may change.
func snapshot(items []any) []any { return slices.Clone(items) }
