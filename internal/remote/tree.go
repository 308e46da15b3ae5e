package remote

import (
	"reflect"
	"syscall"

	"github.com/conexgo/conex/internal/codec"
)

// tree is what there is to know about an error and everything it wraps.
type tree struct {
	nodes     []error
	errnos    []syscall.Errno
	whole     []error // values of registered types; inside one of these no others, since they travel in its fields
	rootWhole bool    // whole[0] is the error itself
	endless   bool    // nested so deep that it is taken for cyclic
}

// look walks an error tree as errors.Is would, depth first, but ends on cyclic ones.
func look(err error) *tree {
	t := &tree{}
	t.visit(err, 0, false)
	if t.endless {
		t.whole = nil // a value that holds itself would be sent as deep as the encoder goes
	}
	t.rootWhole = len(t.whole) > 0 && codec.Registered(reflect.TypeOf(err))
	return t
}

// visit adds err and what it wraps. inside says that a value above it travels whole: sending the same again for each
// level would double the bytes at each level.
func (t *tree) visit(err error, level int, inside bool) {
	if err == nil || len(t.nodes) >= maxNodes {
		return
	}
	if level >= maxLevels {
		t.endless = true
		return
	}
	t.nodes = append(t.nodes, err)
	if errno, ok := err.(syscall.Errno); ok {
		t.errnos = append(t.errnos, errno)
	}
	if !inside && codec.Registered(reflect.TypeOf(err)) {
		t.whole = append(t.whole, err)
		inside = true
	}
	for _, x := range unwrap(err) {
		t.visit(x, level+1, inside)
	}
}

// unwrap returns what err wraps, in one form; nothing when its method panics.
func unwrap(err error) (inner []error) {
	defer func() {
		if recover() != nil {
			inner = nil
		}
	}()
	switch x := err.(type) {
	case interface{ Unwrap() error }:
		return []error{x.Unwrap()}
	case interface{ Unwrap() []error }:
		return x.Unwrap()
	}
	return nil
}

// matches returns the names of all registered errors that are found in the tree.
func (t *tree) matches() []string {
	var names []string
	for _, s := range all() {
		if t.is(s.err) {
			names = append(names, s.name)
		}
	}
	return names
}

// matchesAll reports whether every one of the targets is found in the tree.
func (t *tree) matchesAll(targets []error) bool {
	for _, x := range targets {
		if !t.is(x) {
			return false
		}
	}
	return true
}

// is is errors.Is for a comparable target, over nodes already collected.
func (t *tree) is(target error) bool {
	for _, err := range t.nodes {
		if nodeIs(err, target) {
			return true
		}
	}
	return false
}

func nodeIs(err, target error) (yes bool) {
	defer func() {
		if recover() != nil {
			yes = false
		}
	}()
	// == panics only when both have the same type and it cannot be compared; the target can.
	if err == target {
		return true
	}
	x, ok := err.(interface{ Is(error) bool })
	return ok && x.Is(target)
}
