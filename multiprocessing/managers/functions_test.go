package managers

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/conexgo/conex/pickle"
)

// A client can ask which functions there are, as can the program.
func TestFunctionNames(t *testing.T) {
	types := poolTypes(nil)
	want := pickle.Tuple{
		"m.C.sqr", "m.add", "m.args", "m.byte", "m.error", "m.fail", "m.nothing", "m.pair", "m.panic", "m.sqr", "m.sum", "plain",
	}
	if got := tuple(types.Functions()); !pickle.Equal(got, want) {
		t.Errorf("Functions: %v", got)
	}
	c := poolDial(t, poolServe(t, Config{Types: types})).serving()
	c.send(nil, extraFunctions, nil, nil)
	if got, err := poolAnswer(c.recv()); err != nil || !pickle.Equal(got, want) {
		t.Errorf("%s: %v, %v", extraFunctions, got, err)
	}
	c = poolDial(t, poolServe(t, Config{})).serving()
	c.send(nil, extraFunctions, nil, nil)
	if got, err := poolAnswer(c.recv()); err != nil || !pickle.Equal(got, pickle.Tuple{}) {
		t.Errorf("%s without functions: %v, %v", extraFunctions, got, err)
	}
}

// An exception that stands for an error of Go's says which type that has.
func TestErrorGoType(t *testing.T) {
	path := &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}
	for _, test := range []struct {
		err  error
		want any
	}{
		{errors.New("e"), "*errors.errorString"},
		{path, "*fs.PathError"},
		{fmt.Errorf("reading: %w", fmt.Errorf("again: %w", path)), "*fs.PathError"},
		{fmt.Errorf("%w, %w", path, path), "*fmt.wrapErrors"},
		{pickle.KeyError.New("k"), nil}, // an exception as it is
	} {
		var got any
		if d, ok := exception(test.err).State.(*pickle.Dict); ok {
			got, _ = d.Get("go_type")
		}
		if got != test.want {
			t.Errorf("%#v: go_type is %v; want %v", test.err, got, test.want)
		}
	}
}

func TestPanicGoType(t *testing.T) {
	s := poolServe(t, Config{Types: poolTypes(nil)})
	c := poolDial(t, s).serving()
	_, err := c.call(poolCreate(t, s, "Pool", int64(1)), "apply", "m.panic", pickle.Tuple{nil})
	var e *pickle.Exception
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	d, ok := e.State.(*pickle.Dict)
	if !ok {
		t.Fatalf("%v has no attributes, but %v", e, e.State)
	}
	if v, _ := d.Get("go_type"); v != "panic" {
		t.Errorf("go_type is %v", v)
	}
}
