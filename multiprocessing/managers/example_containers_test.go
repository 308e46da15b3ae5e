package managers_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/big"

	"github.com/conexgo/conex/multiprocessing/managers"
	"github.com/conexgo/conex/pickle"
)

// What Python's multiprocessing.Manager() starts: a process that has a dict, a
// list and a set, which others fill.
func ExampleStart() {
	ctx := context.Background()
	m := must(managers.Start(ctx, managers.Config{}))
	defer m.Shutdown(ctx)

	d := must(managers.NewDict[any, any](ctx, m, nil))
	l := must(managers.NewList(ctx, m, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9))
	s := must(managers.NewSet[string](ctx, m))
	for i, k := range []any{1, "2", 0.25} {
		check(d.Set(ctx, k, []any{"1", 2, nil}[i]))
	}
	check(l.Reverse(ctx))
	check(s.Add(ctx, "a"))
	check(s.Add(ctx, "b"))

	fmt.Println(must(d.Proxy().Describe(ctx)))
	fmt.Println(must(l.Proxy().Describe(ctx)))
	fmt.Println(must(s.Proxy().Describe(ctx)))
	// Output:
	// {1: '1', '2': 2, 0.25: None}
	// [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
	// {'a', 'b'}
}

// A namespace shows its public attributes. In Python a name that begins with _
// is the proxy's own; a Go proxy has no attributes, so nothing hides them but
// the way in which a namespace is shown.
func ExampleNamespace_describe() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	n := must(managers.NewNamespace(ctx, m, nil))
	check(n.Set(ctx, "x", 10))
	check(n.Set(ctx, "y", "hello"))
	fmt.Println(must(n.Proxy().Describe(ctx)))
	_, err := n.Get(ctx, "z")
	fmt.Println(errors.Is(err, pickle.AttributeError), err)
	// Output:
	// Namespace(x=10, y='hello')
	// true AttributeError: 'Namespace' object has no attribute 'z'
}

// MathsClass is a type to be shared. Clients, Python's too, call add and mul.
type MathsClass struct{}

func (*MathsClass) Add(x, y int) int { return x + y }
func (*MathsClass) Mul(x, y int) int { return x * y }

// A manager with a type of one's own.
func ExampleTypes_Register() {
	ctx := context.Background()
	types := managers.NewTypes("", managers.SyncTypes)
	types.Register("Maths", func() *MathsClass { return &MathsClass{} })
	m, end := serve(ctx, types)
	defer end()

	maths := must(m.Create(ctx, "Maths"))
	fmt.Println(must(managers.Call[int](ctx, maths, "add", 4, 3)))
	fmt.Println(must(managers.Call[int](ctx, maths, "mul", 7, 8)))
	// Output:
	// 7
	// 56
}

// A queue that all clients get, wherever they are: one puts, another one gets,
// and so does a worker on the server's machine.
func ExampleShared() {
	ctx := context.Background()
	types := managers.NewTypes("")
	types.Register("get_queue", managers.QueueType, managers.Shared())
	here, end := serve(ctx, types)
	defer end()

	connect := func() (*managers.Manager, *managers.Queue[string]) {
		m := must(managers.Connect(ctx, here.Address(), managers.ClientConfig{AuthKey: exampleKey}))
		return m, managers.QueueOf[string](must(m.Create(ctx, "get_queue")))
	}
	m1, first := connect()
	defer m1.Close()
	m2, second := connect()
	defer m2.Close()
	check(first.Put(ctx, "hello"))
	fmt.Println(must(second.Get(ctx)))
	check(managers.QueueOf[string](must(here.Create(ctx, "get_queue"))).Put(ctx, "local hello"))
	fmt.Println(must(second.Get(ctx)))
	// Output:
	// hello
	// local hello
}

// A proxy is no copy: what it stands for is in the server, and what comes from
// there is a copy. A list in a list is one, unless it is a shared one.
func ExampleList_proxies() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	squares := must(managers.NewList[int](ctx, m))
	for i := range 10 {
		check(squares.Append(ctx, i*i))
	}
	fmt.Println(must(squares.Proxy().Describe(ctx)))
	fmt.Println(must(squares.At(ctx, 4)), must(squares.Slice(ctx, 2, 5)))

	// Any method by its name, as with _callmethod in Python.
	fmt.Println(must(managers.Call[int](ctx, squares, "__len__")))
	_, err := managers.Call[int](ctx, squares, "__getitem__", 20)
	fmt.Println(errors.Is(err, pickle.IndexError), err)

	// A shared list inside of another one.
	a, b := must(managers.NewList[*managers.List[string]](ctx, m)), must(managers.NewList[string](ctx, m))
	check(a.Append(ctx, b))
	check(b.Append(ctx, "hello"))
	inner := must(a.At(ctx, 0))
	fmt.Println(must(inner.Copy(ctx)), must(b.Copy(ctx)))

	// A plain dict in a list: the change of a copy is to be put back.
	people := must(managers.NewList(ctx, m, map[string]int{}))
	d := must(people.At(ctx, 0))
	d["age"] = 30
	fmt.Println(must(people.At(ctx, 0)))
	check(people.SetAt(ctx, 0, d))
	fmt.Println(must(people.At(ctx, 0)))
	// Output:
	// [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]
	// 16 [4 9 16]
	// 10
	// true IndexError: list index out of range
	// [hello] [hello]
	// map[]
	// map[age:30]
}

// Foo has three methods, of which clients see those that are exposed.
type Foo struct{}

func (*Foo) F() string { return "you called Foo.f()" }
func (*Foo) G() string { return "you called Foo.g()" }
func (*Foo) H() string { return "you called Foo._h()" }

// Operator is what Python's module operator is in the example of its
// documentation.
type Operator struct{}

func (*Operator) Add(a, b int) int { return a + b }
func (*Operator) Pow(a, b int64) *big.Int {
	return new(big.Int).Exp(big.NewInt(a), big.NewInt(b), nil)
}

// One type under two names, a sequence, and an object whose methods work in
// numbers of any size.
func ExampleExpose() {
	ctx := context.Background()
	types := managers.NewTypes("")
	types.Register("Foo1", func() *Foo { return &Foo{} }, managers.Expose("f", "g"))
	types.Register("Foo2", func() *Foo { return &Foo{} }, managers.Alias("_h", "h"), managers.Expose("g", "_h"))
	types.Register("baz", func() iter.Seq[int] {
		return func(yield func(int) bool) {
			for i := range 10 {
				if !yield(i * i) {
					return
				}
			}
		}
	})
	types.Register("operator", func() *Operator { return &Operator{} })
	m, end := serve(ctx, types)
	defer end()

	f1, f2 := must(m.Create(ctx, "Foo1")), must(m.Create(ctx, "Foo2"))
	fmt.Println(f1.Exposed(), f2.Exposed())
	fmt.Println(must(f1.Call(ctx, "f")))
	fmt.Println(must(f2.Call(ctx, "_h")))
	_, err := f1.Call(ctx, "_h")
	fmt.Println(errors.Is(err, managers.ErrRemote))

	for i, err := range managers.IteratorOf[int](must(m.Create(ctx, "baz"))).All(ctx) {
		check(err)
		if i > 0 {
			fmt.Print(" ")
		}
		fmt.Printf("<%d>", i)
	}
	fmt.Println()

	op := must(m.Create(ctx, "operator"))
	fmt.Println(must(managers.Call[int](ctx, op, "add", 23, 45)))
	fmt.Println(must(managers.Call[*big.Int](ctx, op, "pow", 2, 94)))
	// Output:
	// [f g] [g _h]
	// you called Foo.f()
	// you called Foo._h()
	// true
	// <0> <1> <4> <9> <16> <25> <36> <49> <64> <81>
	// 68
	// 19807040628566084398385987584
}
