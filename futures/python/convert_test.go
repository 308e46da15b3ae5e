package python

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/cpython"
	"github.com/conexgo/conex/pickle"
)

// read is what becomes of a result, as text: the value, or the error.
func read[R any](p []byte, owned bool) string {
	var r R
	d := codec.Decoder{Buf: p, Owned: owned}
	if err := Func[struct{}, R]("m:f").Wire().ReadResult(&d, &r); err != nil {
		return "error: " + err.Error()
	}
	if len(d.Buf) > 0 {
		return "bytes are left"
	}
	return show(r)
}

func show(v any) string {
	if s := fmt.Sprintf("%T %#v", v, v); len(s) < 1000 {
		return s
	}
	return fmt.Sprintf("%T %v", v, v)
}

// generic is the same without the fast path.
func generic[R any](p []byte) string {
	var r R
	if err := config.Unmarshal(p, &r); err != nil {
		return "error: python: result of \"m:f\": " + err.Error()
	}
	return show(r)
}

// resultReaders has all types with a fast path, and some without.
var resultReaders = []struct {
	name          string
	read, generic func(p []byte) string
}{
	resultReader[bool](), resultReader[int](), resultReader[int8](), resultReader[int16](), resultReader[int32](), resultReader[int64](),
	resultReader[uint](), resultReader[uint8](), resultReader[uint16](), resultReader[uint32](), resultReader[uint64](),
	resultReader[float32](), resultReader[float64](), resultReader[string](), resultReader[[]byte](),
	resultReader[[]float64](), resultReader[[]int](), resultReader[[]int64](), resultReader[[]string](), resultReader[celsius](),
}

func resultReader[R any]() (r struct {
	name          string
	read, generic func(p []byte) string
}) {
	r.name = reflect.TypeFor[R]().String()
	r.read = func(p []byte) string {
		got := read[R](append([]byte(nil), p...), false)
		if owned := read[R](append([]byte(nil), p...), true); owned != got {
			return "owned: " + owned + "; else: " + got
		}
		return got
	}
	r.generic = generic[R]
	return r
}

// Whatever CPython returns, the fast path makes the same of it as package pickle.
func TestResults(t *testing.T) {
	expressions := []string{
		"None", "True", "False",
		"0", "1", "255", "256", "65535", "65536", "-1", "-128", "-129", "2**31-1", "2**31", "-2**31", "-2**31-1",
		"2**63-1", "2**63", "-2**63", "-2**63-1", "2**64-1", "2**64", "2**100", "-2**100", "10**400",
		"0.0", "-0.0", "2.5", "1e308", "float('inf')", "float('nan')",
		"''", "'a'", "'ä€😀'", "'x' * 255", "'x' * 256", "'x' * 70000", "'\\ud800'", "'\\x00'",
		"b''", "b'a\\xff'", "b'x' * 255", "b'x' * 256", "b'x' * 70000", "bytearray(b'ab')",
		"[]", "[1]", "[1, 2]", "[1.5]", "[1.5, 2.5]", "list(range(1000))", "list(range(1001))", "list(range(2500))",
		"[float(i) for i in range(8000)]", "list(range(-7000, 7000))", "[1, 2.5]", "[True]", "['a', 'b']", "[None]",
		"[2**63]", "[2**40, -2**40]", "[[1]]", "(1, 2)", "{1}", "{'a': 1}", "range(3)", "1j",
		"decimal.Decimal('1.5')", "datetime.timedelta(1)",
	}
	for _, interpreter := range cpython.NeedAny(t, 8) {
		for i, p := range askPickles(t, interpreter, expressions...) {
			for _, r := range resultReaders {
				if len(p) > 5000 && p[len(p)-2] == opAppends && r.name[0] != '[' {
					continue // a long list takes its time, and is no number however long it is
				}
				if got, want := r.read(p), r.generic(p); got != want {
					t.Errorf("%s as %s, %q: %.200s instead of %.200s", expressions[i/picklesEach], r.name, p[:min(len(p), 40)], got, want)
				}
			}
		}
	}
}

// FuzzResult: bytes that package pickle takes for a value are the same value to the
// fast path, and no bytes are too much for it.
func FuzzResult(f *testing.F) {
	for _, v := range []any{1, -70000, int64(math.MaxInt64), 2.5, "text", []byte("data"), []float64{1, 2}, []int{1, 2},
		[]int{1}, true, nil, strings.Repeat("x", 300), new(big.Int).Lsh(big.NewInt(1), 64)} {
		p, err := pickle.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p)
		f.Add(p[2:])
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		for _, r := range resultReaders {
			got, want := r.read(p), r.generic(p)
			if got != want && !strings.HasPrefix(want, "error") {
				t.Errorf("%s: %s instead of %s", r.name, got, want)
			}
		}
	})
}

func TestResultTypes(t *testing.T) {
	pickled := func(v any) []byte {
		p, err := pickle.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	dict := pickled(map[string]any{"name": "Eve", "age": 7})
	for _, test := range []struct{ got, want string }{
		{read[person](dict, false), `python.person python.person{Name:"Eve", Age:7}`},
		{read[*person](pickled(nil), false), `*python.person (*python.person)(nil)`},
		{read[time.Duration](pickled(time.Minute), false), `time.Duration 60000000000`},
		{read[any](pickled(int64(5)), false), `int64 5`},
		{read[struct{}](pickled("whatever it is"), false), `struct {} struct {}{}`},
		{read[struct{}](nil, false), `struct {} struct {}{}`},
		{read[int](pickled("5"), false), `error: python: result of "m:f": pickle: str does not fit int`},
		{read[int8](pickled(300), false), `error: python: result of "m:f": pickle: int 300 does not fit int8`},
		{read[int](nil, false), `error: python: result of "m:f": pickle: at offset 0: unexpected EOF`},
	} {
		if test.got != test.want {
			t.Errorf("%s\ninstead of\n%s", test.got, test.want)
		}
	}
}

// A type that no result could be converted to is refused before the call.
func TestResultTypeRefused(t *testing.T) {
	for _, err := range []error{
		Func[int, chan int]("m:f").Wire().Err, Func[int, func()]("m:f").Wire().Err,
		Func[int, []chan int]("m:f").Wire().Err, Func[int, map[string]*func()]("m:f").Wire().Err,
	} {
		if err == nil || !strings.Contains(err.Error(), `result of "m:f"`) {
			t.Error(err)
		}
	}
	if err := Func[int, struct{ C chan int }]("m:f").Wire().Err; err != nil {
		t.Error(err) // a field without a key is left alone
	}
}

// What is owned is not copied.
func TestOwned(t *testing.T) {
	p, _ := pickle.Marshal([]byte("some bytes"))
	w := Func[int, []byte]("m:f").Wire()
	var r []byte
	if err := w.ReadResult(&codec.Decoder{Buf: p, Owned: true}, &r); err != nil || cap(r) != len(r) {
		t.Fatal(err, cap(r))
	}
	clear(p)
	if r[0] != 0 {
		t.Error("a copy")
	}
}
