package managers

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/multiprocessing/pool"
	"github.com/conexgo/conex/pickle"
)

// Function lets clients' pools call fn: Pool(...).map(f, items) in Python runs
// fn where the server says that its pools run, see Config.Executor. Python sends
// a function as a name, never as code, so name is what Python's f is called
// where it is defined, "mymodule.resize" or "mymodule.Image.resize"; a client
// may also give it as a str. Types are set up before the first server is made
// with them, and so are their functions. Function panics if name is empty. The
// package conex_client, in the folder python, has calls, futures and more for
// Python programs: there a function is its name.
//
// A call f(*args, **kwds) in Python becomes one A:
//
//   - The only positional argument is A, by the rules of [pickle.Assign].
//   - If there are several, or keywords, or the only one does not fit, A must be
//     a struct, whose exported fields they are in order or by name (as in the
//     field's pickle tag, or snake_case, or as in Go), or a slice or an array.
//     Each field must be given unless its tag says omitempty.
//   - A [Args] takes whatever comes. An empty struct is for no argument.
//
// All else is a TypeError of the call. What fn returns goes to the client as
// [pickle.Marshal] has it; an error as the exception that it is: return
// pickle.ValueError.New("no such colour") to have Python catch ValueError.
func Function[A, R any](t *Types, name string, fn futures.Callable[A, R]) {
	if name == "" || fn == nil {
		panic("managers: Function: a name and a function are needed")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.funcs[name] = &typedFunc[A, R]{name, fn}
}

// Args are the arguments of a call as they came from Python: for a [Function]
// that takes a changing number of them, or values of any type.
//
//	managers.Function(types, "mymodule.total", futures.Local(
//		func(ctx context.Context, a managers.Args) (any, error) { … }))
type Args struct {
	Args pickle.Tuple
	Kwds Kwds
}

// A function is a Function without its types.
type function interface {
	call(ctx context.Context, args pickle.Tuple) error // on this goroutine
	apply(ctx context.Context, p pool.AnyPool, args pickle.Tuple, kwds *pickle.Dict) (any, error)
	async(ctx context.Context, p pool.AnyPool, args pickle.Tuple, kwds *pickle.Dict) outcome
	mapped(ctx context.Context, p pool.AnyPool, items []pickle.Tuple, chunk int) outcome
	iterate(ctx context.Context, p pool.AnyPool, items []pickle.Tuple, chunk int, ordered bool) *iterator
}

// An outcome is a pool.AsyncResult without its type.
type outcome interface {
	get(ctx context.Context) (any, error)
	Wait(ctx context.Context) error
	Ready() bool
	Successful() (bool, error)
	then(result func(any), failed func(error))
}

type typedFunc[A, R any] struct {
	name string
	fn   futures.Callable[A, R]
}

func (f *typedFunc[A, R]) call(ctx context.Context, args pickle.Tuple) error {
	var a A
	if err := bindArgs(f.name, &a, args, nil); err != nil {
		return err
	}
	_, err := f.fn.Call(ctx, a)
	return err
}

func (f *typedFunc[A, R]) apply(ctx context.Context, p pool.AnyPool, args pickle.Tuple, kwds *pickle.Dict) (any, error) {
	var a A
	if err := bindArgs(f.name, &a, args, kwds); err != nil {
		return nil, err
	}
	return pool.Apply(ctx, p, f.fn, a)
}

func (f *typedFunc[A, R]) async(ctx context.Context, p pool.AnyPool, args pickle.Tuple, kwds *pickle.Dict) outcome {
	var a A
	if err := bindArgs(f.name, &a, args, kwds); err != nil {
		return failed{err}
	}
	return typedOutcome[R]{pool.ApplyAsync(ctx, p, f.fn, a)}
}

func (f *typedFunc[A, R]) mapped(ctx context.Context, p pool.AnyPool, items []pickle.Tuple, chunk int) outcome {
	in, err := f.bindAll(items)
	if err != nil {
		return failed{err}
	}
	var opts []pool.MapOption
	if chunk > 0 {
		opts = append(opts, pool.ChunkSize(chunk))
	}
	o := typedOutcome[[]R]{pool.MapAsync(ctx, p, f.fn, in, opts...)}
	if reflect.TypeFor[R]().Kind() == reflect.Uint8 {
		return listOutcome{o}
	}
	return o
}

// iterate gives an item that does not fit its error in its place, and nothing
// behind that: as Python does if it cannot get at the next item.
func (f *typedFunc[A, R]) iterate(ctx context.Context, p pool.AnyPool, items []pickle.Tuple, chunk int, ordered bool) *iterator {
	in, misfit := f.bindAll(items)
	start := pool.IMapUnordered[A, R]
	if ordered {
		start = pool.IMap[A, R]
	}
	// As Python does, all is computed whether or not somebody takes it: the input
	// is in memory already.
	it := start(ctx, p, f.fn, slices.Values(in), pool.ChunkSize(chunk), pool.Buffer(max(1, len(in))))
	return &iterator{
		pull: func(c *call) (any, bool, error) {
			v, err := it.Next(c.ctx)
			if err == nil {
				return v, true, nil
			}
			if err != pool.ErrStop {
				return nil, true, poolError(f.name, err)
			}
			if misfit != nil {
				err, misfit = misfit, nil
				return nil, true, err
			}
			return nil, false, nil
		},
		stop: it.Close,
	}
}

// bindAll returns the arguments of all calls, or those up to the first that
// does not fit.
func (f *typedFunc[A, R]) bindAll(items []pickle.Tuple) ([]A, error) {
	in := make([]A, len(items))
	for i, args := range items {
		if err := bindArgs(f.name, &in[i], args, nil); err != nil {
			return in[:i], err
		}
	}
	return in, nil
}

type typedOutcome[R any] struct{ *pool.AsyncResult[R] }

func (o typedOutcome[R]) get(ctx context.Context) (any, error) { return o.Get(ctx) }

func (o typedOutcome[R]) then(result func(any), failed func(error)) {
	if result != nil {
		o.OnResult(func(v R) { result(v) })
	}
	if failed != nil {
		o.OnError(failed)
	}
}

// listOutcome is for a []R that Python would get as bytes. It is a list like
// any other.
type listOutcome struct{ outcome }

func (o listOutcome) get(ctx context.Context) (any, error) {
	v, err := o.outcome.get(ctx)
	return intsOf(v), err
}

func (o listOutcome) then(result func(any), failed func(error)) {
	if result != nil {
		list := result
		result = func(v any) { list(intsOf(v)) }
	}
	o.outcome.then(result, failed)
}

func intsOf(slice any) any {
	v := reflect.ValueOf(slice)
	if !v.IsValid() {
		return nil
	}
	l := &pickle.List{Items: make([]any, v.Len())}
	for i := range l.Items {
		l.Items[i] = int64(v.Index(i).Uint())
	}
	return l
}

// failed is the outcome of a call that could not be made.
type failed struct{ err error }

func (f failed) get(context.Context) (any, error) { return nil, f.err }
func (failed) Wait(context.Context) error         { return nil }
func (failed) Ready() bool                        { return true }
func (failed) Successful() (bool, error)          { return false, nil }
func (f failed) then(_ func(any), g func(error)) {
	if g != nil {
		g(f.err)
	}
}

// bindArgs makes an A, to which dst points, of the arguments of a call.
func bindArgs(name string, dst any, args pickle.Tuple, kwds *pickle.Dict) error {
	named, err := keywords(kwds)
	if err != nil {
		return err
	}
	if d, ok := dst.(*Args); ok {
		*d = Args{args, named}
		return nil
	}
	v := reflect.ValueOf(dst).Elem()
	var misfit error
	if len(args) == 1 && len(named) == 0 {
		a, err := argument(args[0], v.Type())
		if err == nil {
			v.Set(a)
			return nil
		}
		misfit = pickle.TypeError.Newf("%s(): %v", name, err)
		v.SetZero()
	}
	switch {
	case v.Kind() == reflect.Struct:
		return bindFields(name, v, args, named, misfit)
	case len(named) > 0:
		return pickle.TypeError.Newf("%s() takes no keyword arguments", name)
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Array:
		if misfit == nil || v.Kind() == reflect.Slice {
			if err := pickle.Assign(dst, args); err == nil {
				return nil
			} else if misfit == nil {
				misfit = pickle.TypeError.Newf("%s(): %v", name, err)
			}
		}
	case misfit == nil:
		misfit = pickle.TypeError.Newf("%s() takes 1 argument (%d given)", name, len(args))
	}
	return misfit
}

// bindFields makes arguments the fields of a struct.
func bindFields(name string, v reflect.Value, args pickle.Tuple, named Kwds, misfit error) error {
	fields := argFields(v.Type())
	if len(args) > len(fields) || len(fields) == 0 && misfit != nil {
		if misfit != nil {
			return misfit
		}
		return pickle.TypeError.Newf("%s() takes %d arguments (%d given)", name, len(fields), len(args))
	}
	taken := 0
	for i, f := range fields {
		arg, given := any(nil), i < len(args)
		if given {
			arg = args[i]
		}
		for _, n := range f.names {
			if _, ok := named[n]; !ok {
				continue
			}
			if given {
				return pickle.TypeError.Newf("%s() got multiple values for argument '%s'", name, n)
			}
			arg, given = named[n], true
			taken++
		}
		if !given {
			if f.optional {
				continue
			}
			return pickle.TypeError.Newf("%s() missing required argument: '%s'", name, f.names[0])
		}
		a, err := argument(arg, v.Field(f.index).Type())
		if err != nil {
			if misfit != nil {
				return misfit
			}
			return pickle.TypeError.Newf("%s(): argument '%s': %v", name, f.names[0], err)
		}
		v.Field(f.index).Set(a)
	}
	if taken < len(named) {
		for n := range named {
			if !slices.ContainsFunc(fields, func(f argField) bool { return slices.Contains(f.names, n) }) {
				return pickle.TypeError.Newf("%s() got an unexpected keyword argument '%s'", name, n)
			}
		}
	}
	return nil
}

// An argField is a field that an argument can be, with the names that it has.
type argField struct {
	index    int
	names    []string
	optional bool
}

func argFields(t reflect.Type) (fields []argField) {
	for i := range t.NumField() {
		sf := t.Field(i)
		tag, rest, _ := strings.Cut(sf.Tag.Get("pickle"), ",")
		if !sf.IsExported() || tag == "-" {
			continue
		}
		f := argField{index: i, optional: rest == "omitempty"}
		for _, n := range []string{tag, snake(sf.Name), sf.Name} {
			if n != "" && !slices.Contains(f.names, n) {
				f.names = append(f.names, n)
			}
		}
		fields = append(fields, f)
	}
	return fields
}

// keywords returns a call's keyword arguments by name.
func keywords(d *pickle.Dict) (Kwds, error) {
	if d == nil || d.Len() == 0 {
		return nil, nil
	}
	k := make(Kwds, d.Len())
	for name, v := range d.All() {
		s, ok := name.(string)
		if !ok {
			return nil, pickle.TypeError.New("keywords must be strings")
		}
		k[s] = v
	}
	return k, nil
}

// function finds what a client means by a function: its name as a str, the
// name as Python pickles it, or that of a method of a class, which Python
// pickles as getattr(class, name).
func (t *Types) function(v any) (function, error) {
	name, ok := functionName(v)
	if !ok {
		return nil, pickle.TypeError.Newf("this server cannot call %s: send the name of a function that is registered with it", pickle.ReprMax(v, 100))
	}
	t.mu.Lock()
	f := t.funcs[name]
	t.mu.Unlock()
	if f == nil {
		return nil, pickle.AttributeError.Newf("%v '%s': the server has none registered under this name", errNoFunction, name)
	}
	return f, nil
}

var getattr = pickle.Global{Module: "builtins", Name: "getattr"}

func functionName(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case pickle.Global:
		return fmt.Sprint(v), true
	}
	if of, name, ok := attribute(v); ok {
		if of, ok := functionName(of); ok {
			return of + "." + name, true
		}
	}
	return "", false
}

// attribute takes a pickled getattr(of, name) apart.
func attribute(v any) (of any, name string, ok bool) {
	o, is := v.(*pickle.Object)
	if !is || o.Make != pickle.Reduce || o.Class != any(getattr) || len(o.Args) != 2 {
		return nil, "", false
	}
	name, ok = o.Args[1].(string)
	return o.Args[0], name, ok
}
