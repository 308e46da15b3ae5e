package pickle

import (
	"math/big"
	"reflect"
	"sync"
	"time"
)

// A recycler gives the lists and dicts of one pickle to the next one. That is
// possible if the value goes into a Go type in which nothing can refer to them:
// a struct of strings and numbers, say. Most of what reading a small message
// costs is the memory that it takes.
type recycler struct {
	on    bool
	dicts []*Dict
	lists []*List
	// How many of them are in use.
	usedDicts, usedLists int
}

// How much is kept: what a small message needs, and no large one makes us keep.
const (
	recycled     = 32 // lists, and dicts
	recycledSize = 32 // items
)

// dict and list return an empty one: one of an earlier pickle's, if there is any
// and it may be used.
func (r *recycler) dict() *Dict {
	if !r.on {
		return new(Dict)
	}
	if r.usedDicts == len(r.dicts) {
		if r.usedDicts == recycled {
			return new(Dict)
		}
		r.dicts = append(r.dicts, new(Dict))
	}
	r.usedDicts++
	return r.dicts[r.usedDicts-1]
}

func (r *recycler) list() *List {
	if !r.on {
		return new(List)
	}
	if r.usedLists == len(r.lists) {
		if r.usedLists == recycled {
			return new(List)
		}
		r.lists = append(r.lists, new(List))
	}
	r.usedLists++
	return r.lists[r.usedLists-1]
}

// abandon leaves all that are in use to the pickle, and gives it no more.
func (r *recycler) abandon() {
	if r.on {
		*r = recycler{}
	}
}

// reset takes all of them back, empty. Nobody may use them from now on.
func (r *recycler) reset() {
	for _, d := range r.dicts[:r.usedDicts] {
		entries := d.entries[:cap(d.entries)]
		if len(entries) > recycledSize {
			entries = nil
		}
		clear(entries)
		*d = Dict{entries: entries[:0]}
	}
	for _, l := range r.lists[:r.usedLists] {
		items := l.Items[:cap(l.Items)]
		if len(items) > recycledSize {
			items = nil
		}
		clear(items)
		l.Items = items[:0]
	}
	r.on, r.usedDicts, r.usedLists = false, 0, 0
}

// pureTypes has what isPure has found.
var pureTypes sync.Map // of bool by reflect.Type

// isPure reports whether nothing of the model can be left in a value of a type:
// it has no interfaces, no types of the model, and none that unmarshal
// themselves.
func isPure(t reflect.Type) bool {
	if pure, ok := pureTypes.Load(t); ok {
		return pure.(bool)
	}
	pure := findPure(t, make(map[reflect.Type]bool))
	pureTypes.Store(t, pure)
	return pure
}

// findPure assumes of a type that is being looked at that it is pure.
func findPure(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return true
	}
	seen[t] = true
	switch t {
	// They copy what they are given, whatever their fields are.
	case reflect.TypeFor[time.Time](), reflect.TypeFor[big.Int](), reflect.TypeFor[big.Rat](), reflect.TypeFor[big.Float]():
		return true
	}
	if reflect.PointerTo(t).Implements(typeUnmarshaler) || t.Implements(typeUnmarshaler) {
		return false
	}
	switch t.Kind() {
	case reflect.Interface:
		return false
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return findPure(t.Elem(), seen)
	case reflect.Map:
		return findPure(t.Key(), seen) && findPure(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if !findPure(t.Field(i).Type, seen) {
				return false
			}
		}
	}
	return true
}
