package managers

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"weak"

	"github.com/conexgo/conex/pickle"
)

// An object is a referent and what clients know of it.
type object struct {
	ident   string
	typeid  string
	class   *class
	self    any
	exposed []string
	methods map[string]method // the exposed ones
	proxies map[string]string // method to typeid

	end    *ending // nil: nothing to close
	pinned bool    // shared: one reference is the server's, and nobody can take it; set before it is known
	refs   int     // by the table's lock
	nested bool    // a *Ref has it: by the table's lock
}

// An ending closes a referent that nobody can reach any more, once.
type ending struct {
	once  sync.Once
	close func(self any)
	self  any
}

func (e *ending) run() {
	if e == nil {
		return
	}
	e.once.Do(func() {
		// It may be a user's, and there is nobody to tell of a panic.
		defer func() { recover() }()
		e.close(e.self)
	})
}

// A table has the objects of a server.
//
// An object lives while clients have references to it, which they count, and
// while other objects contain it: a queue in a list, say. For the second the
// garbage collector is there: what a container has is a pointer, and the table
// keeps a weak one, by which the object can be found as long as it is anywhere.
type table struct {
	mu     sync.Mutex
	next   uint64
	strong map[string]*object              // refs > 0
	weak   map[string]weak.Pointer[object] // nested ones, while they live
	// What is to be done when nested ones are gone: for those of classes with a
	// close only, which contain no proxies.
	endings map[string]*ending
	bySelf  map[any]*object // whose self is a pointer, and refs > 0
	pinned  []*object       // have a reference that is no client's
}

func newTable() *table {
	return &table{
		// As it looks in CPython, where it is an address. It begins anywhere, since
		// a proxy of another server's must not be taken for one of this one's.
		next:   0x7e0000000000 + rand.Uint64N(1<<36)<<4,
		strong: map[string]*object{}, weak: map[string]weak.Pointer[object]{}, endings: map[string]*ending{}, bySelf: map[any]*object{},
	}
}

// add makes an object of a referent, with one reference. A referent that has
// an object keeps that one. It returns nil if there are max objects already,
// unless max is 0.
func (t *table) add(typeid string, ty *Type, self any, max int) *object {
	t.mu.Lock()
	defer t.mu.Unlock()
	if hasIdentity(self) {
		if o := t.bySelf[self]; o != nil && o.typeid == typeid {
			o.refs++
			return o
		}
	}
	if max > 0 && len(t.strong) >= max {
		return nil
	}
	o := &object{typeid: typeid, class: ty.class, self: self, refs: 1}
	if ty.class.close != nil {
		o.end = &ending{close: ty.class.close, self: self}
	}
	o.ident = strconv.FormatUint(t.next, 16)
	o.exposed, o.methods, o.proxies = ty.exposed, ty.methods, ty.proxies
	t.next += 16
	t.strong[o.ident] = o
	if hasIdentity(self) {
		t.bySelf[self] = o
	}
	return o
}

// hasIdentity reports whether two referents that are equal are one: pointers
// are, but not those to nothing, of which Go may make one.
func hasIdentity(self any) bool {
	t := reflect.TypeOf(self)
	return t != nil && t.Kind() == reflect.Pointer && t.Elem().Size() > 0
}

// get finds an object that is referred to by clients or objects.
func (t *table) get(ident string) *object {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.find(ident)
}

func (t *table) find(ident string) *object {
	if o := t.strong[ident]; o != nil {
		return o
	}
	return t.weak[ident].Value()
}

// incref adds a reference.
func (t *table) incref(ident string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	o := t.find(ident)
	if o == nil {
		return pickle.KeyError.New(ident)
	}
	o.refs++
	t.strong[ident] = o
	return nil
}

// decref takes a reference away. That of an object which only others contain
// is nothing, as in CPython.
func (t *table) decref(ident string) error {
	t.mu.Lock()
	o := t.strong[ident]
	if o == nil {
		o = t.weak[ident].Value()
		t.mu.Unlock()
		if o == nil {
			return pickle.KeyError.New(ident)
		}
		return nil
	}
	if o.pinned && o.refs == 1 {
		t.mu.Unlock()
		return nil
	}
	o.refs--
	gone := o.refs == 0
	if gone {
		delete(t.strong, ident)
		if hasIdentity(o.self) && t.bySelf[o.self] == o {
			delete(t.bySelf, o.self)
		}
	}
	end := gone && !o.nested
	t.mu.Unlock()
	if end {
		o.end.run()
	}
	return nil
}

// nest says that a value of the server's refers to o from now on.
func (t *table) nest(o *object) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if o.nested {
		return
	}
	o.nested = true
	t.weak[o.ident] = weak.Make(o)
	if o.end != nil {
		t.endings[o.ident] = o.end
	}
	runtime.AddCleanup(o, t.forget, o.ident)
}

// forget is what is left to do for a nested object when it is gone. It gets no
// more than its name: a container may contain a proxy of itself, and what a
// cleanup has keeps alive what it refers to.
func (t *table) forget(ident string) {
	t.mu.Lock()
	end := t.endings[ident]
	delete(t.weak, ident)
	delete(t.endings, ident)
	t.mu.Unlock()
	end.run()
}

// len returns the number of objects to which clients have references.
func (t *table) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(t.strong)
	for _, o := range t.pinned {
		if o.refs == 1 {
			n--
		}
	}
	return n
}

// pin makes the first reference the server's own.
func (t *table) pin(o *object) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o.pinned = true
	t.pinned = append(t.pinned, o)
}

// info describes them in CPython's form, which clients print.
func (t *table) info() string {
	t.mu.Lock()
	type line struct {
		o    *object
		refs int
	}
	lines := make([]line, 0, len(t.strong))
	for _, o := range t.strong {
		refs := o.refs
		if o.pinned {
			refs--
		}
		if refs > 0 {
			lines = append(lines, line{o, refs})
		}
	}
	t.mu.Unlock()
	slices.SortFunc(lines, func(a, b line) int { return strings.Compare(a.o.ident, b.o.ident) })
	var b strings.Builder
	for i, l := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		text := l.o.class.strOf(l.o.self)
		fmt.Fprintf(&b, "  %s:       refcount=%d\n    %s", l.o.ident, l.refs, firstChars(text, 75))
	}
	return b.String()
}

// firstChars returns the first n characters of a text.
func firstChars(text string, n int) string {
	end := 0
	for ; n > 0 && end < len(text); n-- {
		for end++; end < len(text) && text[end]&0xc0 == 0x80; end++ {
		}
	}
	return text[:end]
}

// close ends all objects, those that only others contain too.
func (t *table) close() {
	t.mu.Lock()
	all := slices.Collect(maps.Values(t.endings))
	for _, o := range t.strong {
		all = append(all, o.end)
	}
	t.strong, t.bySelf = map[string]*object{}, map[any]*object{}
	t.endings = map[string]*ending{}
	t.mu.Unlock()
	for _, e := range all {
		e.run()
	}
}

// address is a referent's, in the way of Python's reprs.
func address(self any) string {
	if v := reflect.ValueOf(self); v.Kind() == reflect.Pointer {
		return fmt.Sprintf("0x%x", v.Pointer())
	}
	return "0x0"
}
