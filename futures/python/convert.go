package python

import (
	"fmt"
	"math"
	"reflect"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/pickle"
)

// Values travel as pickles: arguments as this package or package pickle writes
// them, results as Python does. All of them go through marshal and unmarshal, but
// for those so simple that puts or gets have them.

// config has no limits of its own: a worker is as trusted as the program that
// tells it what to run, and what it sends is in memory already.
var (
	config       = pickle.Config{Protocol: 5, MaxBytes: math.MaxInt64, MaxMemo: math.MaxInt, MaxItems: math.MaxInt}
	configNoCopy = func() pickle.Config { c := config; c.NoCopy = true; return c }()
)

// marshal appends the pickle of v to e.Buf.
func marshal(e *codec.Encoder, v any) error { return appendPickle(e, v) }

// unmarshal reads the pickle in d, all of it, into what v points to.
func unmarshal(d *codec.Decoder, v any) error {
	if d.Handles != nil {
		return readPickle(d, v)
	}
	c := &config
	if d.Owned {
		c = &configNoCopy
	}
	b := d.Buf
	d.Buf = nil
	return c.Unmarshal(b, v)
}

// noResult reports whether R says that the result is not wanted.
func noResult[R any]() bool { return reflect.TypeFor[R]() == reflect.TypeFor[struct{}]() }

// resultOf returns how a result of the function name becomes an R.
func resultOf[R any](name string) func(d *codec.Decoder, r *R) error {
	if noResult[R]() {
		return func(d *codec.Decoder, _ *R) error {
			d.Buf = nil
			return nil
		}
	}
	get, _ := gets[reflect.TypeFor[R]()].(func(b []byte, owned bool, r *R) bool)
	return func(d *codec.Decoder, r *R) error {
		if get != nil {
			if b, ok := body(d.Buf); ok && get(b, d.Owned, r) {
				d.Buf = nil
				return nil
			}
		}
		if err := unmarshal(d, r); err != nil {
			return fmt.Errorf("python: result of %q: %w", clip(name), err)
		}
		return nil
	}
}

// checkResult finds types that no result could be converted to, before anything
// is called.
func checkResult[R any](name string) error {
	t := reflect.TypeFor[R]()
	for {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			if t.PkgPath() != "" {
				return nil // it may have methods that do it
			}
			t = t.Elem()
			continue
		case reflect.Chan, reflect.Func, reflect.UnsafePointer:
			return fmt.Errorf("python: result of %q: %w", clip(name), &pickle.UnsupportedTypeError{Type: t})
		}
		return nil
	}
}
