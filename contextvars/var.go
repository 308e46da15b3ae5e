package contextvars

import (
	"context"
	"fmt"
	"reflect"
	"sync/atomic"
	"unsafe"
)

// A Var is a context variable: a name for values of type T, of which every
// [Context] holds its own. Make one with [NewVar], as a rule at package level:
//
//	var user = contextvars.NewVar("user", contextvars.WithDefault("nobody"))
//
// A Var is known by its identity. Two with the same name are two variables.
//
// The zero Var belongs to nobody: Get finds nothing in it, and what would set
// it answers [ErrZeroVar]. A Var must not be copied. Its methods are safe for
// concurrent use and do not block.
//
// What happens before a Set synchronizes before the Get that returns its value.
type Var[T any] struct {
	core
	def    T
	hasDef bool
}

// AnyVar is a *[Var] of any type: what a [Context] iterates over. Only
// variables of this package implement it; the variable itself is in it:
//
//	if v == contextvars.AnyVar(user) { … }
type AnyVar interface {
	// Name returns the name given to NewVar.
	Name() string
	// String returns the name and the default.
	String() string

	base() *core
	// valueOf returns the value in one of the variable's cells.
	valueOf(cell unsafe.Pointer) any
}

// A core is the part of a variable that does not depend on its type.
type core struct {
	_      noCopy
	id     uint32 // its place in the trie; 0: not made by NewVar
	name   string
	any    AnyVar   // the variable itself
	travel *luggage // nil: its values stay in the process
}

// noCopy makes go vet complain about copies.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// A cell holds a value of a variable. It is immutable.
type cell[T any] struct {
	head
	val T
}

// A head is the part of a cell that does not depend on its type.
type head struct{ v *core }

// Identifiers are dense, so that the tries are low. Variables that travel to
// other processes have their own range: theirs is one branch of a trie, whose
// identity says whether anything in it has changed.
const firstTravelling = 1 << 31

var lastID, lastTravelling atomic.Uint32

// NewVar returns a new variable. The name is shown to people and, of a
// variable that is [Propagated], known to other processes.
//
// Every variable takes its number for good, and a Context keeps the variables
// that are set in it: make them once, not in functions that run often.
//
// NewVar panics if a variable cannot be propagated as was asked for: that is a
// mistake in the program, not in its input.
func NewVar[T any](name string, opts ...VarOption[T]) *Var[T] {
	v := &Var[T]{core: core{name: name}}
	v.any = v
	var o varOptions[T]
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	v.def, v.hasDef = o.def, o.hasDef
	if !o.travels {
		v.id = nextID(&lastID)
		return v
	}
	v.id = firstTravelling | nextID(&lastTravelling)
	v.travel = pack(v)
	return v
}

func nextID(last *atomic.Uint32) uint32 {
	n := last.Add(1)
	if n >= firstTravelling {
		panic("contextvars: more than 2,147,483,647 variables: make them once, at package level")
	}
	return n
}

func (v *core) base() *core { return v }

// Name returns the name given to NewVar.
func (v *core) Name() string { return v.name }

func (*Var[T]) valueOf(p unsafe.Pointer) any { return (*cell[T])(p).val }

// String returns the name, and the default if it is a number, a string or a
// bool, else the default's type: `Var("user", default "nobody")`.
func (v *Var[T]) String() string {
	if !v.hasDef {
		return fmt.Sprintf("Var(%q)", v.name)
	}
	// What may hold other things may change, or hold this variable.
	switch k := reflect.ValueOf(&v.def).Elem().Kind(); {
	case k == reflect.String:
		return fmt.Sprintf("Var(%q, default %q)", v.name, reflect.ValueOf(v.def).String())
	case k <= reflect.Complex128 && k != reflect.Invalid:
		return fmt.Sprintf("Var(%q, default %v)", v.name, v.def)
	}
	return fmt.Sprintf("Var(%q, default of type %T)", v.name, v.def)
}

// Get returns the variable's value in the current Context, which is the one
// that ctx carries; else its default; else an error matching [ErrLookup].
func (v *Var[T]) Get(ctx context.Context) (T, error) {
	var root *node // rootOf(ctx), which is too large for the compiler to put here
	if s, ok := ctx.(*scope); ok {
		root = s.cur.root.Load()
	} else {
		root = rootOf(ctx)
	}
	if p := root.find(&v.core); p != nil {
		return (*cell[T])(p).val, nil
	}
	if v.hasDef {
		return v.def, nil
	}
	var zero T
	return zero, v.lookupError(ctx)
}

// GetOr returns the variable's value in the current Context, else def. The
// variable's own default is not used.
func (v *Var[T]) GetOr(ctx context.Context, def T) T {
	if p := rootOf(ctx).find(&v.core); p != nil {
		return (*cell[T])(p).val
	}
	return def
}

// Set sets the variable in the current Context, which is the one that ctx
// carries, and returns a token that undoes it; see [Var.Reset]. Whoever has a
// ctx that carries the same Context sees the new value; copies of the Context,
// also those made earlier, do not. It is an error matching [ErrNoContext] if
// ctx carries none.
//
// Several goroutines with one Context may set variables at the same time; to
// give each its own, start them with [Go].
func (v *Var[T]) Set(ctx context.Context, val T) (*Token[T], error) {
	return v.set(ctx, val, &Token[T]{}) // new(Token[T]) would be too large
}

// set is Set with a token of the caller's: Set itself is small enough to
// become part of its caller, where a token that is only used for Reset needs no
// allocation.
func (v *Var[T]) set(ctx context.Context, val T, t *Token[T]) (*Token[T], error) {
	c := current(ctx)
	if c == nil || v.id == 0 {
		return nil, v.setError()
	}
	t.v, t.c = v, c
	t.old = (*cell[T])(c.put(v.id, unsafe.Pointer(&cell[T]{head{&v.core}, val})))
	return t, nil
}

func (v *core) setError() error {
	if v.id == 0 {
		return ErrZeroVar
	}
	return v.wrap(ErrNoContext)
}

// Reset undoes the Set that returned tok: the variable has the value from
// before again, or none. What was set meanwhile is forgotten.
//
// A token is good for one Reset, of its own variable, in the Context in which
// it was made. The errors match [ErrTokenUsed], [ErrWrongVar] (also for a token
// that no Set made) and [ErrWrongContext]; they change nothing.
func (v *Var[T]) Reset(ctx context.Context, tok *Token[T]) error {
	switch {
	case v.id == 0:
		return ErrZeroVar
	case tok == nil || tok.v == nil:
		return fmt.Errorf("%w: it was not made by Set (variable %q)", ErrWrongVar, v.name)
	case tok.used.Load():
		return v.wrap(ErrTokenUsed)
	case tok.v != v:
		return fmt.Errorf("%w: by %q, not by %q", ErrWrongVar, tok.v.name, v.name)
	case tok.c != current(ctx):
		return v.wrap(ErrWrongContext)
	case !tok.used.CompareAndSwap(false, true):
		return v.wrap(ErrTokenUsed)
	}
	tok.undo()
	return nil
}

// With returns a ctx that carries a copy of the current Context, or a new one
// if ctx carries none, in which the variable is set. Nobody else sees that:
// it is the form for values that only what is called next needs, as with
// context.WithValue.
func (v *Var[T]) With(ctx context.Context, val T) context.Context {
	if v.id == 0 {
		panic(ErrZeroVar)
	}
	root, _ := frozen(ctx)
	root, _ = root.with(v.id, unsafe.Pointer(&cell[T]{head{&v.core}, val}), 0)
	return newScope(ctx, root)
}

// Do sets the variable in the current Context, calls fn with ctx, resets the
// variable, also if fn panics, and returns what fn returned. Like [Var.Set] it
// is seen by whoever shares the Context; see [Var.With] for what is not. It is
// an error matching [ErrNoContext] if ctx carries none.
func (v *Var[T]) Do(ctx context.Context, val T, fn func(ctx context.Context) error) error {
	if fn == nil {
		return ErrNilFunc
	}
	var tok Token[T]
	if _, err := v.set(ctx, val, &tok); err != nil {
		return err
	}
	defer tok.undo()
	return fn(ctx)
}
