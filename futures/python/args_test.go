package python

import (
	"context"
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/cpython"
	"github.com/conexgo/conex/pickle"
)

var (
	_ futures.Callable[int, int] = Func[int, int]("")
	_ futures.Callable[int, int] = Expr[int, int]("")
	_ futures.Callable[int, int] = Method[int, int]("")
	_ futures.Callable[int, int] = InlineFunc[int, int]{}
)

// An encoded call is a mode and the bytes of one item; see calls.
func encoded[A any](t *testing.T, arg A) []byte {
	t.Helper()
	w := Func[A, any]("m:f").Wire()
	e := codec.Encoder{Buf: []byte{w.Key[1]}}
	if w.Err != nil {
		t.Errorf("%T: %v", arg, w.Err)
	}
	if err := w.AppendArg(&e, &arg); err != nil {
		t.Errorf("%T: %v", arg, err)
	}
	return e.Buf
}

type (
	fold struct {
		Text    string  `python:",positional"`
		Width   int     `python:"width"`
		Indent  string  `python:"initial_indent,omitempty"`
		Factor  float64 `python:"factor,omitempty"`
		Comment string  `python:"-"`
		private int
	}
	onlyPositional struct {
		B int    `python:",positional"`
		A string `python:",positional"`
	}
	withMore struct {
		When  time.Duration      `python:"when"`
		Names map[string]int     `python:"names,omitempty"`
		Inner struct{ X, Y int } `python:"inner"`
		Next  *onlyPositional    `python:"next"`
		First any                `python:",positional"`
	}
	twoLists struct {
		A []int `python:"a"`
		B []int `python:"b"`
	}
	person struct {
		Name string `pickle:"name"`
		Age  int
	}
	celsius float64
	level   int
	node    struct {
		Value int
		Next  *node
	}
)

func (l level) MarshalText() ([]byte, error) { return []byte("level " + string('0'+rune(l))), nil }

func TestArguments(t *testing.T) {
	shared := []int{1}
	loop := &node{Value: 1}
	loop.Next = loop
	list := pickle.NewList(1)
	list.Items = append(list.Items, list)
	long := strings.Repeat("ä", 200)
	huge := new(big.Int).Lsh(big.NewInt(1), 80)
	var tests = []struct {
		item []byte
		want string
	}{
		{encoded(t, struct{}{}), ""},
		{encoded(t, Args(nil)), ""},
		{encoded(t, Args{}), ""},
		{encoded(t, Args{1, "a", 2.5, nil, true, false, []byte{0}, int64(-1)}), "1, 'a', 2.5, None, True, False, b'\\x00', -1"},
		{encoded(t, Args{1, []string{"x"}, map[string]any{"k": huge}}), "1, ['x'], {'k': 1208925819614629174706176}"},
		{encoded(t, Args{shared, shared}), "[1], [1]"},
		{encoded(t, Call{}), ""},
		{encoded(t, Call{Args: []any{1}, Kwargs: map[string]any{"b": 2, "a": "x"}}), "1, a='x', b=2"},
		{encoded(t, Call{Kwargs: map[string]any{"class": []int{1}}}), "class=[1]"},

		{encoded(t, fold{Text: "abc", Width: 40, Comment: "no", private: 1}), "'abc', width=40"},
		{encoded(t, fold{Indent: ">", Factor: math.Copysign(0, -1)}), "'', width=0, initial_indent='>', factor=-0.0"},
		{encoded(t, &fold{Width: 2}), "'', width=2"},
		{encoded(t, fold{Text: "\xed\xa0\x80"}), "'\\ud800', width=0"},
		{encoded(t, onlyPositional{2, "a"}), "2, 'a'"},
		{encoded(t, withMore{}), "None, when=datetime.timedelta(0), inner={'X': 0, 'Y': 0}, next=None"},
		{encoded(t, withMore{When: time.Second, Names: map[string]int{"n": 1}, First: list}),
			"[1, [...]], when=datetime.timedelta(seconds=1), names={'n': 1}, inner={'X': 0, 'Y': 0}, next=None"},
		{encoded(t, twoLists{shared, nil}), "a=[1], b=None"},
		{encoded(t, struct {
			X int `python:"-"`
		}{1}), ""},

		{encoded(t, true), "True"},
		{encoded(t, 0), "0"},
		{encoded(t, 255), "255"},
		{encoded(t, 256), "256"},
		{encoded(t, 65536), "65536"},
		{encoded(t, -1), "-1"},
		{encoded(t, int64(math.MinInt64)), "-9223372036854775808"},
		{encoded(t, int64(math.MaxInt64)), "9223372036854775807"},
		{encoded(t, int64(1)<<31), "2147483648"},
		{encoded(t, int32(math.MinInt32)), "-2147483648"},
		{encoded(t, int8(-128)), "-128"},
		{encoded(t, int16(-129)), "-129"},
		{encoded(t, uint8(255)), "255"},
		{encoded(t, uint16(65535)), "65535"},
		{encoded(t, uint32(math.MaxUint32)), "4294967295"},
		{encoded(t, uint(1)), "1"},
		{encoded(t, uint64(math.MaxUint64)), "18446744073709551615"},
		{encoded(t, huge), "1208925819614629174706176"},
		{encoded(t, *huge), "1208925819614629174706176"},
		{encoded(t, 2.5), "2.5"},
		{encoded(t, float32(0.5)), "0.5"},
		{encoded(t, math.NaN()), "nan"},
		{encoded(t, math.Inf(-1)), "-inf"},
		{encoded(t, math.Copysign(0, -1)), "-0.0"},
		{encoded(t, complex(1, -2)), "(1-2j)"},
		{encoded(t, celsius(1.5)), "1.5"},
		{encoded(t, level(3)), "'level 3'"},
		{encoded(t, time.Minute), "datetime.timedelta(seconds=60)"},
		{encoded(t, time.Date(2024, 2, 29, 1, 2, 3, 4000, time.UTC)),
			"datetime.datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=datetime.timezone.utc)"},

		{encoded(t, ""), "''"},
		{encoded(t, "aä\x00😀"), `'a\xe4\x00\U0001f600'`},
		{encoded(t, "\xed\xa0\x80x"), `'\ud800x'`}, // half of a surrogate pair
		{encoded(t, long), "'" + strings.Repeat(`\xe4`, 200) + "'"},
		{encoded(t, []byte("a\xff")), `b'a\xff'`},
		{encoded(t, []byte(nil)), `b''`},
		{encoded(t, [2]byte{1, 2}), `b'\x01\x02'`},

		{encoded(t, []float64{}), "[]"},
		{encoded(t, []float64(nil)), "None"},
		{encoded(t, []float64{1, math.Inf(1)}), "[1.0, inf]"},
		{encoded(t, []int{1, -70000, 300}), "[1, -70000, 300]"},
		{encoded(t, []int64{math.MinInt64}), "[-9223372036854775808]"},
		{encoded(t, []string{"a", "", "ä"}), `['a', '', '\xe4']`},
		{encoded(t, []string{"a", "\xed\xa0\x80"}), `['a', '\ud800']`},
		{encoded(t, make([]int, 2500)), "[" + strings.Repeat("0, ", 2499) + "0]"},
		{encoded(t, []any{1, nil, "x"}), "[1, None, 'x']"},
		{encoded(t, [2]int{1, 2}), "(1, 2)"},
		{encoded(t, [][]int{shared, shared}), "[[1], [1]]"},
		{encoded(t, map[string]int{"b": 2, "a": 1}), "{'a': 1, 'b': 2}"},
		{encoded(t, map[int]struct{}{1: {}}), "{1}"},
		{encoded(t, map[string]any(nil)), "None"},
		{encoded(t, person{"Eve", 7}), "{'name': 'Eve', 'Age': 7}"},
		{encoded(t, &person{"Eve", 7}), "{'name': 'Eve', 'Age': 7}"},
		{encoded(t, (*person)(nil)), "None"},
		{encoded(t, (*int)(nil)), "None"},
		{encoded(t, loop), "{'Value': 1, 'Next': {...}}"},
		{encoded[any](t, nil), "None"},
		{encoded[any](t, 5), "5"},
		{encoded[any](t, loop), "{'Value': 1, 'Next': {...}}"},
		{encoded[error](t, pickle.KeyError.New("k")), "KeyError('k')"},
		{encoded(t, pickle.Tuple{1, pickle.Tuple{}}), "(1, ())"},
		{encoded(t, list), "[1, [...]]"},
	}
	var items [][]byte
	for _, test := range tests {
		items = append(items, test.item)
	}
	for _, interpreter := range cpython.NeedAny(t, 8) {
		for i, got := range askCalls(t, interpreter, items) {
			if got != tests[i].want {
				t.Errorf("%s: call %d: f(%.300s) instead of f(%.300s)", interpreter, i, got, tests[i].want)
			}
		}
	}
}

// What two fields point to is one thing in Python.
func TestSharedArguments(t *testing.T) {
	shared := []int{1}
	item := encoded(t, twoLists{shared, shared})
	var v any
	if err := pickle.Unmarshal(item[1+itemHead:], &v); err != nil {
		t.Fatal(err)
	}
	kwargs := v.(pickle.Tuple)[1].(*pickle.Dict)
	a, _ := kwargs.Get("a")
	b, _ := kwargs.Get("b")
	if a.(*pickle.List) != b.(*pickle.List) {
		t.Error("two lists")
	}
}

// Every tag that makes no sense is an error before anything is sent.
func TestTags(t *testing.T) {
	type inner struct{ X int }
	tests := []struct {
		w    *codecEntry
		want string
	}{
		{entryOf[struct {
			A int `python:"a"`
			B int
		}](), ".B has no tag"},
		{entryOf[struct {
			A int `python:"a"`
			inner
		}](), ".inner has no tag"},
		{entryOf[struct {
			a int `python:"a"`
		}](), ".a has a tag but is not exported"},
		{entryOf[struct {
			A int `python:"a"`
			B int `python:"a"`
		}](), `.A and B are both for the keyword "a"`},
		{entryOf[struct {
			A int `python:""`
		}](), "says no name"},
		{entryOf[struct {
			A int `python:",omitempty"`
		}](), "says no name"},
		{entryOf[struct {
			A int `python:"a,positional"`
		}](), "a positional argument has no name"},
		{entryOf[struct {
			A int `python:",positional,omitempty"`
		}](), "cannot be left out"},
		{entryOf[struct {
			A int `python:"a,omitzero"`
		}](), `no option "omitzero"`},
		{entryOf[*struct {
			A int `python:"a,x"`
		}](), `no option "x"`},
	}
	for _, test := range tests {
		if err := test.w.err; err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), `"m:f"`) {
			t.Errorf("%v; want %q", err, test.want)
		}
		if !errors.Is(test.w.submitted, futures.ErrNotEncodable) {
			t.Error(test.w.submitted)
		}
	}
}

type codecEntry struct{ err, submitted error }

func entryOf[A any]() *codecEntry {
	f := Func[A, int]("m:f")
	var arg A
	ctx := context.Background()
	return &codecEntry{f.Wire().Err, futures.Submit[A, int](ctx, nowhere{}, f, arg).Err(ctx)}
}

// What Python cannot have is an error that says what and where.
func TestNotEncodable(t *testing.T) {
	type pipe struct {
		In chan int `python:"in"`
	}
	deep := any(1)
	for range 20_000 {
		deep = []any{deep}
	}
	tests := []struct {
		err  error
		want string
	}{
		{(submitted(make(chan int))), "chan int"},
		{(submitted(func() {})), "func()"},
		{(submitted[any](make(chan int))), "chan int"},
		{(submitted(Args{1, make(chan int)})), "at [1]"},
		{(submitted(Call{Kwargs: map[string]any{"k": make(chan int)}})), `at ["k"]`},
		{(submitted(Call{Args: []any{make(chan int)}})), `at args[0]`},
		{(submitted(pipe{})), `at ["in"]`},
		{(submitted(map[string]any{"a": []any{1, func() {}}})), `["a"][1]`},
		{(submitted("\xff")), "UTF-8"},
		{(submitted([]string{"a", "\xff"})), "[1]"},
		{(submitted(fold{Text: "\xff"})), "UTF-8"},
		{(submitted(deep)), "MaxDepth"},
		{(submitted((*fold)(nil))), "a nil *python.fold"},
		{(submitted(time.Time{}.AddDate(20_000, 0, 0))), "year"},
	}
	for _, test := range tests {
		if !errors.Is(test.err, futures.ErrNotEncodable) || !strings.Contains(test.err.Error(), test.want) ||
			!strings.Contains(test.err.Error(), `"m:f"`) {
			t.Errorf("%v; want %q", test.err, test.want)
		}
	}
}

func submitted[A any](arg A) error {
	ctx := context.Background()
	return futures.Submit(ctx, nowhere{}, Func[A, int]("m:f"), arg).Err(ctx)
}

// An argument that cannot be sent leaves the bytes of others as they were.
func TestAppendArgFails(t *testing.T) {
	w := Func[[]string, int]("m:f").Wire()
	e := codec.Encoder{Buf: []byte("before")}
	arg := []string{"a", "\xff"}
	if err := w.AppendArg(&e, &arg); err == nil || string(e.Buf) != "before" {
		t.Errorf("%v, %q", err, e.Buf)
	}
}

func TestSizeHint(t *testing.T) {
	text, numbers, data := strings.Repeat("x", 1000), make([]float64, 1000), make([]byte, 1000)
	for _, test := range []struct{ hint, size int }{
		{Func[string, int]("m:f").Wire().ArgSizeHint(&text), len(encoded(t, text))},
		{Func[[]float64, int]("m:f").Wire().ArgSizeHint(&numbers), len(encoded(t, numbers))},
		{Func[[]byte, int]("m:f").Wire().ArgSizeHint(&data), len(encoded(t, data))},
	} {
		if test.hint < test.size-1 || test.hint > test.size+32 {
			t.Errorf("%d for %d bytes", test.hint, test.size)
		}
	}
}
