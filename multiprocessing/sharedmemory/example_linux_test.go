package sharedmemory_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/multiprocessing/sharedmemory"
)

// Two attachments of one block see the same bytes.
func ExampleSharedMemory() {
	a, err := sharedmemory.Create(sharedmemory.Config{Size: 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer a.Unlink() // once, by whoever is the last
	defer a.Close()
	buf := a.Bytes()
	copy(buf, []byte{22, 33, 44, 55})
	buf[4] = 100

	b, err := sharedmemory.Attach(a.Name()) // here or in any other program
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(b.Bytes()[:5])
	copy(b.Bytes(), "howdy")
	fmt.Printf("%s\n", buf[:5])
	b.Close()
	// Output:
	// [22 33 44 55 100]
	// howdy
}

var setLast = conex.Register("example/shm/setlast", func(_ context.Context, s *sharedmemory.SharedMemory) (int, error) {
	defer s.Close() // the worker's own attachment
	numbers, err := sharedmemory.Slice[int64](s)
	if err != nil {
		return 0, err
	}
	numbers[len(numbers)-1] = 888
	return len(numbers), nil
})

// Two processes share an array, without a copy. In Python, the other side is
// numpy.ndarray((6,), dtype=numpy.int64, buffer=shm.buf).
func ExampleSlice() {
	s, err := sharedmemory.Create(sharedmemory.Config{Size: 6 * 8})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Unlink()
	defer s.Close()
	numbers, err := sharedmemory.Slice[int64](s)
	if err != nil {
		fmt.Println(err)
		return
	}
	copy(numbers, []int64{1, 1, 2, 3, 5, 8})

	pool, err := process.NewPool(process.Config{Workers: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	ctx := context.Background()
	n, err := futures.Submit(ctx, pool, setLast, s).Result(ctx) // it attaches by the name
	fmt.Println(n, err)
	fmt.Println(numbers)
	// Output:
	// 6 <nil>
	// [1 1 2 3 5 888]
}

// A View keeps the block from being closed under it.
func ExampleView() {
	s, err := sharedmemory.Create(sharedmemory.Config{Size: 64})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Unlink()

	type sample struct {
		When  int64
		Value float64
	}
	v, err := sharedmemory.NewView[sample](s)
	if err != nil {
		fmt.Println(err)
		return
	}
	v.Set(3, sample{1700000000, 0.25})
	fmt.Println(v.Len(), v.Items()[3])
	fmt.Println(errors.Is(s.Close(), sharedmemory.ErrInUse))
	v.Close()
	fmt.Println(s.Close())
	// Output:
	// 4 {1700000000 0.25}
	// true
	// <nil>
}

func ExampleShareableList() {
	a, err := sharedmemory.NewShareableList("howdy", []byte("HoWdY"), -273.154, 100, nil, true, 42)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer a.Unlink()
	defer a.Close()
	fmt.Println(a.Items())

	v, _ := a.At(2)
	fmt.Println(v)
	a.Set(2, -78.5)
	v, _ = a.At(2)
	fmt.Println(v)
	a.Set(2, "dry ice") // another type is fine
	v, _ = a.At(2)
	fmt.Println(v)
	err = a.Set(2, "larger than previously allocated storage space")
	fmt.Println(errors.Is(err, sharedmemory.ErrNoRoom))
	v, _ = a.At(2)
	fmt.Println(v)

	fmt.Println(a.Len())
	fmt.Println(a.Index(42))
	fmt.Println(a.Count([]byte("howdy")))
	fmt.Println(a.Count([]byte("HoWdY")))
	// Output:
	// [howdy [72 111 87 100 89] -273.154 100 <nil> true 42] <nil>
	// -273.154
	// -78.5
	// dry ice
	// true
	// dry ice
	// 7
	// 6 <nil>
	// 0 <nil>
	// 1 <nil>
}

// A second list over the block of the first.
func ExampleAttachShareableList() {
	b, err := sharedmemory.NewShareableList(0, 1, 2, 3, 4)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Unlink()
	defer b.Close()
	c, err := sharedmemory.AttachShareableList(b.Name())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	c.Set(-1, 999)
	fmt.Println(b.At(-1))
	// Output: 999 <nil>
}

var setFirst = conex.Register("example/shm/setfirst", func(_ context.Context, l *sharedmemory.ShareableList) (any, error) {
	defer l.Close()
	old, err := l.At(0)
	if err != nil {
		return nil, err
	}
	return old, l.Set(0, "changed")
})

// A list that is sent refers to the same block.
func ExampleShareableList_sent() {
	l, err := sharedmemory.NewShareableList("unchanged", 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Unlink()
	defer l.Close()
	pool, err := process.NewPool(process.Config{Workers: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	ctx := context.Background()
	fmt.Println(futures.Submit(ctx, pool, setFirst, l).Result(ctx))
	fmt.Println(l.Items())
	// Output:
	// unchanged <nil>
	// [changed 1] <nil>
}

// Zero bytes at the end are lost, as with CPython. A last byte that is not zero
// keeps them.
func ExampleShareableList_trailingZeros() {
	l, err := sharedmemory.NewShareableList("?", []byte{3, 2, 1, 0, 0, 0}, []byte{3, 2, 1, 0, 0, 0, 7})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Unlink()
	defer l.Close()
	lost, _ := sharedmemory.Get[[]byte](l, 1)
	padded, _ := sharedmemory.Get[[]byte](l, 2)
	fmt.Println(lost)
	fmt.Println(padded[:len(padded)-1])
	// Output:
	// [3 2 1]
	// [3 2 1 0 0 0]
}

type part struct {
	List     *sharedmemory.ShareableList
	From, To int
}

var double = conex.Register("example/shm/double", func(_ context.Context, p part) (int, error) {
	defer p.List.Close()
	for i := p.From; i < p.To; i++ {
		n, err := sharedmemory.Get[int](p.List, i)
		if err != nil {
			return 0, err
		}
		if err := p.List.Set(i, 2*n); err != nil {
			return 0, err
		}
	}
	return p.To - p.From, nil
})

// Two processes work on the halves of one list; the Owner removes it at the end,
// whatever happens.
func ExampleOwner() {
	owner, err := sharedmemory.NewOwner()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer owner.Close()
	items := make([]any, 2000)
	for i := range items {
		items[i] = i
	}
	l, err := owner.CreateList(sharedmemory.Config{}, items...)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()

	pool, err := process.NewPool(process.Config{Workers: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	ctx := context.Background()
	first := futures.Submit(ctx, pool, double, part{l, 0, 1000})
	second := futures.Submit(ctx, pool, double, part{l, 1000, 2000})
	fmt.Println(first.Result(ctx))
	fmt.Println(second.Result(ctx))

	sum := 0
	for v, err := range l.All() {
		if err != nil {
			fmt.Println(err)
			return
		}
		sum += int(v.(int64))
	}
	fmt.Println(sum)
	// Output:
	// 1000 <nil>
	// 1000 <nil>
	// 3998000
}

// Everything that an Owner made goes with it.
func ExampleOwner_Close() {
	owner, err := sharedmemory.NewOwner()
	if err != nil {
		fmt.Println(err)
		return
	}
	numbers, err1 := owner.CreateList(sharedmemory.Config{}, 0, 1, 2, 3)
	raw, err2 := owner.Create(sharedmemory.Config{Size: 128})
	letters, err3 := owner.CreateList(sharedmemory.Config{}, "a", "l", "p", "h", "a")
	if err := errors.Join(err1, err2, err3); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(numbers.Items())
	fmt.Println(raw.Size())
	fmt.Println(letters.Items())
	fmt.Println(len(owner.Names()), owner.Close(), len(owner.Names()))
	_, err = sharedmemory.Attach(raw.Name())
	fmt.Println(err != nil)
	numbers.Close()
	raw.Close()
	letters.Close()
	// Output:
	// [0 1 2 3] <nil>
	// 128
	// [a l p h a] <nil>
	// 3 <nil> 0
	// true
}

// Blocks that were left by programs which have been killed.
func ExampleLeftovers() {
	names, err := sharedmemory.Leftovers()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(names), "leftovers")
	sharedmemory.Sweep()
}
