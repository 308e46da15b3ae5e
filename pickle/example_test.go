package pickle_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/conexgo/conex/pickle"
)

// What Python has written with pickle.dumps([1, 'x', {'a': None}]).
var fromPython = []byte("\x80\x04\x95\x13\x00\x00\x00\x00\x00\x00\x00]\x94(K\x01\x8c\x01x\x94}\x94\x8c\x01a\x94Nse.")

func Example() {
	var v any
	if err := pickle.Unmarshal(fromPython, &v); err != nil {
		fmt.Println(err)
		return
	}
	list := v.(*pickle.List)
	fmt.Println(pickle.Repr(list), len(list.Items))

	list.Items = append(list.Items, list) // as in Python, it contains itself
	data, err := pickle.Marshal(list)
	fmt.Println(pickle.Unmarshal(data, &v), pickle.Repr(v), err)
	// Output:
	// [1, 'x', {'a': None}] 3
	// <nil> [1, 'x', {'a': None}, [...]] <nil>
}

// A program passes on what it does not understand: an Object goes out again as
// it came in.
func ExampleObject() {
	// pickle.dumps(fractions.Fraction(1, 3))
	data := []byte("\x80\x04\x95.\x00\x00\x00\x00\x00\x00\x00\x8c\x09fractions\x94\x8c\x08Fraction\x94\x93\x94K\x01K\x03\x86\x94R\x94.")
	data[3] = byte(len(data) - 11)
	var v any
	if err := pickle.Unmarshal(data, &v); err != nil {
		fmt.Println(err)
		return
	}
	o := v.(*pickle.Object)
	fmt.Println(o.Name(), pickle.Repr(o.Args))

	// A new one: collections.deque([1, 2], maxlen=5)
	d := &pickle.Object{
		Class: pickle.Global{Module: "collections", Name: "deque"},
		Args:  pickle.Tuple{pickle.Tuple{}, 5},
		Items: []any{1, 2},
	}
	_, err := pickle.Marshal(d)
	fmt.Println(err)
	// Output:
	// fractions.Fraction (1, 3)
	// <nil>
}

// Python's exceptions are errors.
func ExampleException() {
	data, _ := pickle.Marshal(pickle.KeyError.New("zz"))
	var v any
	if err := pickle.Unmarshal(data, &v); err != nil {
		fmt.Println(err)
		return
	}
	err := v.(error)
	fmt.Println(err)
	fmt.Println(errors.Is(err, pickle.KeyError), errors.Is(err, pickle.LookupError), errors.Is(err, pickle.OSError))
	// Output:
	// KeyError: 'zz'
	// true true false
}

// A list of what pickles may name: nothing else gets through, and nothing else
// can be handed on to a Python program.
func ExampleClasses_Allow() {
	classes := new(pickle.Classes)
	classes.Allow("shop.Order", "shop.models.*")
	c := pickle.Config{Classes: classes}

	var v any
	fmt.Println(c.Unmarshal([]byte("cshop.models\nItem\n."), &v), pickle.Repr(v))
	fmt.Println(c.Unmarshal([]byte("cos\nsystem\n(Vrm -rf /\ntR."), &v))
	// Output:
	// <nil> <class 'shop.models.Item'>
	// pickle: at offset 0: os.system is not allowed; allow it with Classes.Allow if it is meant
}

// An error of Go for a class of Python.
func ExampleClasses_RegisterError() {
	classes := new(pickle.Classes)
	classes.RegisterError(pickle.FileNotFoundError.Global(), fs.ErrNotExist)
	c := pickle.Config{Classes: classes}

	data, _ := pickle.Marshal(pickle.FileNotFoundError.New(2, "No such file or directory", "x.txt"))
	var v any
	if err := c.Unmarshal(data, &v); err != nil {
		fmt.Println(err)
		return
	}
	err := v.(error)
	fmt.Println(err)
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	// Output:
	// FileNotFoundError: [Errno 2] No such file or directory: 'x.txt'
	// true
}

// Several pickles in one stream, as Python makes them by calling dump again.
func ExampleDecoder() {
	var stream bytes.Buffer
	enc := pickle.NewEncoder(&stream)
	for _, v := range []any{1, "two", pickle.Tuple{3.0, nil}} {
		if err := enc.Encode(v); err != nil {
			fmt.Println(err)
		}
	}

	dec := pickle.NewDecoder(&stream)
	for {
		var v any
		err := dec.Decode(&v)
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(pickle.Repr(v))
	}
	// Output:
	// 1
	// 'two'
	// (3.0, None)
}

func ExampleDump() {
	var file bytes.Buffer
	if err := pickle.Dump(&file, pickle.NewList(1, 2)); err != nil {
		fmt.Println(err)
	}
	v, err := pickle.Load[any](&file)
	fmt.Println(pickle.Repr(v), err)
	// Output: [1, 2] <nil>
}

// Limits for what strangers send.
func ExampleConfig() {
	c := pickle.Config{MaxBytes: 1 << 20, MaxDepth: 100, MaxItems: 10_000}
	deep := append(bytes.Repeat([]byte("]"), 200), bytes.Repeat([]byte("a"), 199)...)
	var v any
	err := c.Unmarshal(append(deep, '.'), &v)

	var limit *pickle.LimitError
	fmt.Println(errors.As(err, &limit) && limit.Limit == "MaxDepth")

	_, err = pickle.Marshal(pickle.NewList(1, pickle.Tuple{"x", make(chan int)}))
	fmt.Println(err)
	// Output:
	// true
	// pickle: at [1][1]: a chan int cannot be pickled
}
