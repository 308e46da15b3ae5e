package managers

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/pickle"
)

// A request that is written by hand is what package pickle would write.
func TestClientRequest(t *testing.T) {
	m := newManager(pywire.Address{}, ClientConfig{})
	long := strings.Repeat("x", 300)
	for _, test := range []struct {
		ident  any
		method string
		args   []any
		want   pickle.Tuple
	}{
		{nil, "dummy", nil, pickle.Tuple{nil, "dummy", pickle.Tuple{}, pickle.NewDict()}},
		{"7f", "get", []any{1}, pickle.Tuple{"7f", "get", pickle.Tuple{int64(1)}, pickle.NewDict()}},
		{"7f", "put", []any{"é", true, 2.5}, pickle.Tuple{"7f", "put", pickle.Tuple{"é", true, 2.5}, pickle.NewDict()}},
		{"7f", "f", []any{nil, -1}, pickle.Tuple{"7f", "f", pickle.Tuple{nil, int64(-1)}, pickle.NewDict()}},
		{"7f", "f", []any{1, 2, 3, 4}, pickle.Tuple{"7f", "f", pickle.Tuple{int64(1), int64(2), int64(3), int64(4)}, pickle.NewDict()}},
		{"7f", "f", []any{int64(math.MinInt64), int64(math.MaxInt32) + 1}, pickle.Tuple{"7f", "f", pickle.Tuple{int64(math.MinInt64), int64(math.MaxInt32) + 1}, pickle.NewDict()}},
		{"7f", long, []any{long}, pickle.Tuple{"7f", long, pickle.Tuple{long}, pickle.NewDict()}},
		{"7f", "f", []any{"\xed\xa0\x80"}, pickle.Tuple{"7f", "f", pickle.Tuple{"\xed\xa0\x80"}, pickle.NewDict()}},
		{"7f", "f", []any{[]int{1, 2}, []byte("b")}, pickle.Tuple{"7f", "f", pickle.Tuple{pickle.NewList(int64(1), int64(2)), []byte("b")}, pickle.NewDict()}},
		{"7f", "f", []any{strings.Repeat("y", 1<<17), "z"}, pickle.Tuple{"7f", "f", pickle.Tuple{strings.Repeat("y", 1<<17), "z"}, pickle.NewDict()}},
		{"7f", "f", []any{Kwds{"k": "v"}}, pickle.Tuple{"7f", "f", pickle.Tuple{}, pickle.NewDict(pickle.Pair{Key: "k", Value: "v"})}},
		{"7f", "f", []any{[]string{"v"}, Kwds{"k": []string{"w"}}}, pickle.Tuple{"7f", "f", pickle.Tuple{pickle.NewList("v")}, pickle.NewDict(pickle.Pair{Key: "k", Value: pickle.NewList("w")})}},
	} {
		head := noIdent
		if s, ok := test.ident.(string); ok {
			head = identHead(s)
		}
		b, err := m.request([]byte("what was there before"), head, test.method, test.args)
		clientMust(t, err)
		var got any
		clientMust(t, pickle.Unmarshal(b, &got))
		if !pickle.Equal(got, test.want) {
			t.Errorf("%s; want %s", pickle.ReprMax(got, 200), pickle.ReprMax(test.want, 200))
		}
	}
	buf := make([]byte, 0, 100)
	b, err := m.request(buf, noIdent, "f", []any{func() {}})
	if err == nil || cap(b) != cap(buf) {
		t.Errorf("a func as an argument: %q, %v; the buffer should be the old one", b, err)
	}
}

// The short way to read answers and the long one agree.
func FuzzClientAnswer(f *testing.F) {
	for _, v := range []any{nil, true, false, 0, 255, 256, 65535, 65536, -1, int64(1 << 40), 1.5, "", "text", strings.Repeat("x", 300), []int{1}} {
		b, err := pickle.Marshal(pickle.Tuple{"#RETURN", v})
		clientMust(f, err)
		f.Add(b)
	}
	f.Add([]byte("\x80\x04\x95\x0e\x00\x00\x00\x00\x00\x00\x00\x8c\x07#RETURN\x94N\x86\x94."))
	f.Add([]byte("\x80\x04\x95\x0e\x00\x00\x00\x00\x00\x00\x00\x8c\x06#PROXY\x94)N\x86\x86\x94."))
	m := newManager(pywire.Address{}, ClientConfig{MaxMessage: 1 << 20})
	m.native = true
	f.Fuzz(func(t *testing.T, b []byte) {
		got, ok := plainAnswer(b)
		if ok {
			var want any
			if err := m.decode.Unmarshal(b, &want); err != nil {
				t.Fatalf("%v, but %v", got, err)
			}
			// NaN is not equal to itself.
			if w := (pickle.Tuple{"#RETURN", got}); !reflect.DeepEqual(want, any(w)) && got == got {
				t.Fatalf("%v; want %v", got, want)
			}
		}
		m.answer(b, "a test")
	})
}
