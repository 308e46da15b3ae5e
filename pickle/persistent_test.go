package pickle

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
)

// A row is what stays outside of the pickles here.
type row struct{ ID int }

var rows = map[string]*row{"('row', 1, 'a')": {1}, "('row', 2, 'b')": {2}, "'7'": {7}}

// rowsOutside pickles rows by their ids.
func rowsOutside(protocol int) *Config {
	c := &Config{Protocol: protocol}
	if protocol == 0 {
		c.Protocol = Protocol0
	}
	c.PersistentID = func(v reflect.Value) (any, bool, error) {
		r, ok := v.Interface().(*row)
		switch {
		case !ok:
			return nil, false, nil
		case r.ID == 7:
			return 7, true, nil
		case r.ID > 2:
			return nil, false, errors.New("no such row")
		}
		return Tuple{"row", int64(r.ID), string(rune('a' + r.ID - 1))}, true, nil
	}
	c.PersistentLoad = func(id any) (any, error) {
		if r := rows[Repr(id)]; r != nil {
			return r, nil
		}
		return nil, errors.New("no row " + Repr(id))
	}
	return c
}

// CPython reads what we write, in all protocols, and we what it writes: the same
// bytes but for the framing and what is in the memo.
func TestPersistentPython(t *testing.T) {
	for version, python := range needPythons(t) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			var in strings.Builder
			var want []any
			for protocol := range highestProtocol + 1 {
				one, two := &row{1}, &row{2}
				if protocol == 0 {
					one, two = &row{7}, &row{7}
				}
				v := NewList(one, NewDict(Pair{"two", two}, Pair{"none", nil}), Tuple{one, "row"}, one)
				data, err := rowsOutside(protocol).Marshal(v)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&in, "%d %x\n", protocol, data)
				want = append(want, v)
			}
			answers := strings.Fields(string(runPython(t, python, []byte(in.String()), "testdata/persistent.py")))
			if len(answers) != 2*len(want) {
				t.Fatalf("%d answers", len(answers))
			}
			for i, answer := range answers {
				data, err := hex.DecodeString(answer)
				if err != nil {
					t.Fatal(err)
				}
				var got any
				if err := rowsOutside(0).Unmarshal(data, &got); err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(got, want[i/2]) {
					t.Errorf("protocol %d: got %s", i/2, Repr(got))
				}
				var from any
				if err := rowsOutside(0).NewDecoder(bytes.NewReader(data)).Decode(&from); err != nil || !reflect.DeepEqual(from, got) {
					t.Errorf("protocol %d: a stream gives %s, %v", i/2, Repr(from), err)
				}
			}
		})
	}
}

type shelf struct {
	First  *row
	Plain  row
	Rows   []*row
	ByName map[string]*row
	Any    any
	Iface  interface{ Twice() int }
	None   *row
}

func (r *row) Twice() int { return 2 * r.ID }

// A value outside fits wherever it can be assigned to.
func TestPersistentAssign(t *testing.T) {
	c := rowsOutside(4)
	a, b := rows["('row', 1, 'a')"], rows["('row', 2, 'b')"]
	in := shelf{a, row{5}, []*row{a, nil, b}, map[string]*row{"x": b}, b, a, nil}
	data, err := c.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out shelf
	if err := c.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(in, out) || out.First != a || out.Rows[2] != b || out.ByName["x"] != b || out.Any != any(b) {
		t.Errorf("got %+v", out)
	}
	// As the whole, in all the ways to receive it.
	one, _ := c.Marshal(a)
	var p *row
	if err := c.Unmarshal(one, &p); err != nil || p != a {
		t.Errorf("%v, %v", p, err)
	}
	var v any
	if err := c.Unmarshal(one, &v); err != nil || v != any(a) {
		t.Errorf("%v, %v", v, err)
	}
	var q *row
	if err := c.Assign(&q, v); err != nil || q != a {
		t.Errorf("Assign: %v, %v", q, err)
	}
	var n *int
	err = c.Unmarshal(one, &n)
	if u, ok := errors.AsType[*UnmarshalTypeError](err); !ok || u.Error() != "pickle: *pickle.row does not fit *int" || n != nil {
		t.Errorf("another pointer: %v", err)
	}
	var s struct{ Rows []string }
	err = c.Unmarshal(data, &s)
	if err == nil || err.Error() != "pickle: at Rows[0]: *pickle.row does not fit string" || s.Rows != nil {
		t.Errorf("another type: %v", err)
	}
}

type (
	named   int
	blob    struct{ B []byte }
	grid    map[string]int
	wrapped struct{ T time.Time }
)

// Values of any type can be outside, behind a pointer or not.
func TestPersistentTypes(t *testing.T) {
	for _, v := range []any{
		named(3), &blob{[]byte("x")}, blob{[]byte("y")}, grid{"a": 1}, time.Unix(5, 0), time.Second,
		&wrapped{}, new(named), &Object{Class: Global{"m", "C"}}, map[string]int(nil),
	} {
		var asked []any
		var c Config
		c.PersistentID = func(v reflect.Value) (any, bool, error) {
			asked = append(asked, v.Interface())
			return Tuple{"id", named(1), &row{}}, true, nil // nobody is asked about these
		}
		c.PersistentLoad = func(id any) (any, error) { return v, nil }
		isMap := reflect.TypeOf(v) == reflect.TypeFor[map[string]int]()
		for _, in := range []any{v, []any{v}} {
			asked = nil
			data, err := c.Marshal(in)
			if err != nil || isMap != (asked == nil) || !isMap && (len(asked) != 1 || !reflect.DeepEqual(asked[0], v)) {
				t.Errorf("%T: asked for %v, %v", v, asked, err)
			}
			dst := reflect.New(reflect.TypeOf(in))
			if isMap {
				continue
			}
			if err := c.Unmarshal(data, dst.Interface()); err != nil || !reflect.DeepEqual(dst.Elem().Interface(), in) {
				t.Errorf("%T came back as %v, %v", in, dst.Elem(), err)
			}
		}
	}
	// Values of Go's own types, of the model, and pointers that are nil.
	var c Config
	c.PersistentID = func(v reflect.Value) (any, bool, error) {
		t.Errorf("asked for %v of type %v", v, v.Type())
		return nil, false, nil
	}
	for _, v := range []any{
		nil, 1, uint8(2), 1.5, "s", []byte("b"), []string{"x"}, map[string]bool{"y": true}, NewList(Tuple{1}), NewDict(),
		Date{2024, 1, 2}, Decimal("1"), Ellipsis, &Exception{Class: Global{"builtins", "KeyError"}}, (*row)(nil),
		[]*row{nil}, struct{ N int }{3}, Global{"m", "f"}, []TimeDelta{{}},
	} {
		if _, err := c.Marshal(v); err != nil {
			t.Errorf("%T: %v", v, err)
		}
	}
}

func TestPersistentErrors(t *testing.T) {
	c := rowsOutside(4)
	_, err := c.Marshal([]any{&row{9}})
	if m, ok := errors.AsType[*MarshalerError](err); !ok || m.Type != reflect.TypeFor[*row]() || m.Err.Error() != "no such row" {
		t.Errorf("got %v", err)
	}
	// The encoder is in order after that.
	if data, err := c.Marshal(&row{1}); err != nil || !bytes.Contains(data, []byte("Q.")) {
		t.Errorf("got %q, %v", data, err)
	}
	var v any
	err = c.Unmarshal([]byte("\x80\x04]K\x01Qa."), &v)
	if d, ok := errors.AsType[*DecodeError](err); !ok || d.Offset != 5 || d.Op != "BINPERSID" || d.Err.Error() != "no row 1" || v != nil {
		t.Errorf("got %v", err)
	}
	for _, data := range []string{"P7", "P", "Q.", "\x80\x04(Q.", "P\xff\n.", "NP7\n("} {
		if err := c.Unmarshal([]byte(data), &v); !known(err) {
			t.Errorf("%q: %v", data, err)
		}
		if err := c.NewDecoder(strings.NewReader(data)).Decode(&v); !known(err) {
			t.Errorf("%q in a stream: %v", data, err)
		}
	}
	if err := c.Unmarshal([]byte("P7"), &v); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
	for _, id := range []any{"a\nb", "ä", 1.5, Tuple{}, nil} {
		c := Config{Protocol: Protocol0, PersistentID: func(reflect.Value) (any, bool, error) { return id, true, nil }}
		if _, err := c.Marshal(&row{}); !errors.As(err, new(*UnsupportedValueError)) {
			t.Errorf("%v: %v", id, err)
		}
	}
	// An id that cannot be pickled, and one too deep.
	for _, id := range []any{make(chan int), Tuple{Tuple{Tuple{}}}} {
		c := Config{MaxDepth: 2, PersistentID: func(reflect.Value) (any, bool, error) { return id, true, nil }}
		if _, err := c.Marshal(&row{}); err == nil {
			t.Errorf("%v is an id", id)
		}
	}
}

// What the ids of one pickle are made of is not used for the next one, although
// its lists and dicts are.
func TestPersistentKeepsID(t *testing.T) {
	var ids []any
	load := func(id any) (any, error) {
		ids = append(ids, id)
		return &row{len(ids)}, nil
	}
	c := Config{PersistentLoad: load}
	data, err := (&Config{PersistentID: func(v reflect.Value) (any, bool, error) {
		_, ok := v.Interface().(*row)
		return NewList("id", NewDict(Pair{"n", 1})), ok, nil
	}}).Marshal([]any{[]int{1}, &row{}, []int{2}, &row{}})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		var p struct{ A []int }
		if err := c.Unmarshal(data, &p); err == nil {
			t.Fatal("a list fits a struct")
		}
		var s [4]struct{}
		c.Unmarshal(data, &s)
	}
	for _, id := range ids {
		if Repr(id) != "['id', {'n': 1}]" {
			t.Fatalf("an id became %s", Repr(id))
		}
	}
}

// Whatever is returned for the ids, reading does not panic, and keeps the limits.
func FuzzPersistent(f *testing.F) {
	for _, b := range seeds() {
		f.Add(b)
	}
	for _, s := range []string{"\x80\x04]K\x01Qa.", "P7\n.", "\x80\x04K\x02QK\x01QR.", "\x80\x04}K\x03QK\x04Qs.", "K\x05Q}b.", "\x80\x04]\x94K\x01Qa(h\x00K\x06Qe."} {
		f.Add([]byte(s))
	}
	loop := NewList()
	loop.Items = append(loop.Items, loop)
	values := []any{nil, &row{1}, named(2), loop, Tuple{loop}, NewDict(Pair{"a", loop}), []string{"x"}, func() {}, &Object{Class: Global{"m", "C"}}}
	c := &Config{MaxBytes: 1 << 16, MaxDepth: 100, MaxMemo: 1000, MaxItems: 10000}
	c.PersistentLoad = func(id any) (any, error) {
		n, _ := id.(int64)
		if n < 0 || n >= int64(len(values)) {
			return nil, errors.New("no such value")
		}
		return values[n], nil
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		loop.Items = loop.Items[:1] // a pickle may have appended to it
		var v any
		if err := c.Unmarshal(data, &v); err != nil {
			if !known(err) {
				t.Fatalf("error %v of type %T", err, err)
			}
			return
		}
		ReprMax(v, 1000)
		c.Marshal(v)
		var s struct {
			A *row
			B []any
			C map[string]named
		}
		c.Unmarshal(data, &s)
	})
}
