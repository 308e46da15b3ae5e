package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/conexgo/conex/internal/codec"
)

var errMine = errors.New("mine")

// coded is found by errors.As after a border, with its cause.
type coded struct {
	Code  int
	Cause error
}

func (c *coded) Error() string { return fmt.Sprint("code ", c.Code) }
func (c *coded) Unwrap() error { return c.Cause }

// lossy leaves its cause behind.
type lossy struct {
	Code  int
	Cause error `conex:"-"`
}

func (l lossy) Error() string { return "lossy" }
func (l lossy) Unwrap() error { return l.Cause }

// refused is registered and cannot be encoded.
type refused struct{ secret int }

func (r refused) Error() string { return "refused" }

// alike matches by method only.
type alike struct{}

func (alike) Error() string        { return "alike" }
func (alike) Is(target error) bool { return target == errMine }

// blind wraps without saying so.
type blind struct {
	Inner error
	Other []error
}

func (*blind) Error() string { return "blind" }

// uncomparable is legal, and a trap for every map and ==.
type uncomparable struct{ parts []string }

func (u uncomparable) Error() string { return strings.Join(u.parts, " ") }

// hidesSlice can be compared as a type but not as a value.
type hidesSlice struct{ v any }

func (h hidesSlice) Error() string { return "hides" }

type panics struct{ with any }

func (p panics) Error() string   { panic(p.with) }
func (p panics) Is(error) bool   { panic(p.with) }
func (p panics) Unwrap() []error { panic(p.with) }

// silent wraps properly, and panics when it is asked for its text.
type silent struct{ cause error }

func (s silent) Error() string { panic("no words") }
func (s silent) Unwrap() error { return s.cause }

type evil struct{}

func (evil) Error() string  { panic("evil twice") }
func (evil) String() string { panic("evil thrice") }

func init() {
	Register("remote.mine", errMine)
	codec.RegisterType("remote.coded", reflect.TypeFor[*coded]())
	codec.RegisterType("remote.blind", reflect.TypeFor[*blind]())
	codec.RegisterType("remote.lossy", reflect.TypeFor[lossy]())
	codec.RegisterType("remote.refused", reflect.TypeFor[refused]())
	codec.Errors = codec.ErrorFuncs{Append: Encode, Read: Decode}
}

func cross(t *testing.T, err error) error {
	t.Helper()
	data := Append([]byte("before"), err)[len("before"):]
	for i := range data {
		if i > 2000 {
			break
		}
		if _, _, failed := Read(data[:i]); !errors.Is(failed, codec.ErrCorrupt) {
			t.Fatalf("%d of %d bytes: %v", i, len(data), failed)
		}
	}
	got, rest, failed := Read(append(bytes.Clone(data), "after"...))
	if failed != nil || string(rest) != "after" {
		t.Fatalf("%v, rest %q", failed, rest)
	}
	return got
}

func TestIdentical(t *testing.T) {
	t.Parallel()
	if got := cross(t, nil); got != nil {
		t.Errorf("nil became %v", got)
	}
	for _, s := range all() {
		if got := cross(t, s.err); got != s.err {
			t.Errorf("%s became %v", s.name, got)
		}
	}
	for _, e := range []error{syscall.ENOENT, syscall.EINTR, context.DeadlineExceeded, os.ErrNotExist} {
		if got := cross(t, e); got != e {
			t.Errorf("%v became %#v", e, got)
		}
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	_, notThere := os.Open("/does/not/exist")
	for _, c := range []struct {
		name    string
		err     error
		is      []error
		isNot   []error
		typ     string
		message string
	}{
		{"plain", errors.New("plain"), nil, []error{io.EOF, errMine}, "*errors.errorString", "plain"},
		{"wrapped", fmt.Errorf("a: %w", fmt.Errorf("b: %w", io.EOF)), []error{io.EOF}, []error{io.ErrUnexpectedEOF}, "*fmt.wrapError", "a: b: EOF"},
		{"joined", errors.Join(io.EOF, errMine, fmt.Errorf("x: %w", syscall.EAGAIN)), []error{io.EOF, errMine, syscall.EAGAIN}, []error{context.Canceled}, "*errors.joinError", "EOF\nmine\nx: resource temporarily unavailable"},
		{"two %w", fmt.Errorf("%w and %w", context.Canceled, errMine), []error{context.Canceled, errMine}, nil, "*fmt.wrapErrors", "context canceled and mine"},
		{"Is method", fmt.Errorf("like: %w", alike{}), []error{errMine}, []error{io.EOF}, "*fmt.wrapError", "like: alike"},
		{"path error", notThere, []error{fs.ErrNotExist, syscall.ENOENT}, []error{fs.ErrExist, syscall.EEXIST}, "*fs.PathError", notThere.Error()},
		{"uncomparable", uncomparable{[]string{"a", "b"}}, nil, []error{io.EOF}, "remote.uncomparable", "a b"},
		{"uncomparable inside", fmt.Errorf("%w", errors.Join(uncomparable{}, io.EOF)), []error{io.EOF}, nil, "*fmt.wrapError", "\nEOF"},
		{"hidden slice", hidesSlice{[]int{1}}, nil, []error{io.EOF}, "remote.hidesSlice", "hides"},
		{"refused", fmt.Errorf("r: %w", errors.Join(refused{1}, errMine)), []error{errMine}, nil, "*fmt.wrapError", "r: refused\nmine"},
		{"refused itself", refused{1}, nil, []error{errMine}, "remote.refused", "refused"},
		{"lossy", lossy{3, errMine}, []error{errMine}, nil, "remote.lossy", "lossy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := cross(t, c.err)
			for _, e := range c.is {
				if !errors.Is(got, e) {
					t.Errorf("%v does not match %v", got, e)
				}
			}
			for _, e := range c.isNot {
				if errors.Is(got, e) {
					t.Errorf("%v matches %v", got, e)
				}
			}
			f, ok := Open(got)
			if !ok || f.Type != c.typ || got.Error() != c.message {
				t.Errorf("%#v: type %q, text %q", got, f.Type, got)
			}
			// And over a second border it is still that.
			f2, ok := Open(cross(t, got))
			if !ok || f2.Type != f.Type || f2.Msg != f.Msg || len(f2.Causes) < len(c.is) {
				t.Errorf("second border: %+v", f2)
			}
		})
	}
}

func TestAs(t *testing.T) {
	t.Parallel()
	inside := &coded{5, fmt.Errorf("because: %w", errMine)}
	for _, err := range []error{inside, fmt.Errorf("x: %w", inside), errors.Join(io.EOF, fmt.Errorf("y: %w", inside))} {
		got := cross(t, err)
		var c *coded
		if !errors.As(got, &c) || c.Code != 5 || !errors.Is(c.Cause, errMine) || !errors.Is(got, errMine) {
			t.Errorf("%v: %#v, %v", err, got, c)
		}
	}
	if _, ok := cross(t, inside).(*coded); !ok {
		t.Error("a registered type does not come back as itself")
	}
	// What lossy forgot must not be lost: the stand-in has both.
	got := cross(t, lossy{3, fmt.Errorf("z: %w", errMine)})
	var l lossy
	if !errors.As(got, &l) || l.Code != 3 || !errors.Is(got, errMine) {
		t.Errorf("%#v", got)
	}
	if _, ok := cross(t, lossy{4, nil}).(lossy); !ok {
		t.Error("lossy without a cause is whole and does not come back as itself")
	}
}

// TestChainsStaySmall: each level of a chain of registered types travels once.
func TestChainsStaySmall(t *testing.T) {
	t.Parallel()
	var err error = errMine
	for i := range 40 {
		err = &coded{i, err}
	}
	data := Append(nil, err)
	if len(data) > 40*200 {
		t.Errorf("%d bytes for 40 levels", len(data))
	}
	n := 0
	for c := new(coded); errors.As(cross(t, err), &c) && errors.As(err, &c); err = c.Cause {
		n++
	}
	if n != 40 {
		t.Errorf("%d levels came back", n)
	}
}

func TestCyclic(t *testing.T) {
	t.Parallel()
	c := &coded{Code: 1}
	c.Cause = errors.Join(io.EOF, c)
	if got := cross(t, fmt.Errorf("round: %w", c)); !errors.Is(got, io.EOF) {
		t.Errorf("got %v", got)
	}
	// A value can also hold itself where nobody unwraps it.
	b := &blind{}
	b.Inner, b.Other = b, []error{b, errors.Join(b, b)}
	data, err := codec.Append(nil, &b.Inner)
	if !errors.Is(err, codec.ErrDeep) {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if got := cross(t, b); got.Error() != "blind" {
		t.Errorf("got %v", got)
	}
}

func TestPanicsAreSurvived(t *testing.T) {
	t.Parallel()
	for _, with := range []any{"boom", errors.New("boom"), evil{}, 3} {
		got := cross(t, panics{with})
		if !strings.Contains(got.Error(), "remote.panics panicked") {
			t.Errorf("%v: %q", with, got)
		}
	}
	if got := cross(t, silent{errMine}); !errors.Is(got, errMine) {
		t.Errorf("what a panicking error wraps is lost: %#v", got)
	}
	var nilPath *fs.PathError // Error dereferences nil
	if got := cross(t, nilPath); !strings.Contains(got.Error(), "nil pointer") {
		t.Errorf("nil *PathError: %q", got)
	}
}

func TestLongText(t *testing.T) {
	t.Parallel()
	for _, n := range []int{MaxText - 1, MaxText, MaxText + 1, 10 * MaxText} {
		in := strings.Repeat("é", n/2) + strings.Repeat("x", n%2)
		got := cross(t, errors.New(in)).Error()
		if len(got) > MaxText || !utf8.ValidString(got) || (n <= MaxText) != (got == in) {
			t.Errorf("%d bytes became %d", n, len(got))
		}
	}
}

func TestManyJoined(t *testing.T) {
	t.Parallel()
	errs := make([]error, 3000)
	for i := range errs {
		errs[i] = errors.New("x")
	}
	errs[2999] = errMine
	if got := cross(t, errors.Join(errs...)); !errors.Is(got, errMine) {
		t.Error("the last of many is lost")
	}
}

func TestRegisterPanics(t *testing.T) {
	t.Parallel()
	for what, f := range map[string]func(){
		"nil":             func() { Register("remote.nil", nil) },
		"empty":           func() { Register("", errors.New("x")) },
		"twice":           func() { Register("remote.mine", errors.New("x")) },
		"twice the same":  func() { Register("remote.mine", errMine) },
		"uncomparable":    func() { Register("remote.unc", uncomparable{}) },
		"value with such": func() { Register("remote.hides", hidesSlice{[]int{}}) },
	} {
		func() {
			defer func() {
				if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), "RegisterError") {
					t.Errorf("%s: recovered %v", what, r)
				}
			}()
			f()
		}()
	}
	Register(fmt.Sprint("remote.mine ", time.Now().UnixNano()), errMine) // a new name each time the test is run
	if got := cross(t, errMine); got != errMine {
		t.Errorf("an error with two names became %v", got)
	}
}

func TestUnknownNames(t *testing.T) {
	t.Parallel()
	data := append([]byte{kindNamed, 3}, "who"...)
	if got, _, failed := Read(data); failed != nil || got.Error() != "who" {
		t.Errorf("%v, %v", got, failed)
	}
}

func FuzzRead(f *testing.F) {
	for _, err := range []error{nil, io.EOF, syscall.EIO, errors.Join(io.EOF, &coded{1, errMine}), lossy{1, errMine}} {
		f.Add(Append(nil, err))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err, _, failed := Read(data)
		if failed != nil || err == nil {
			return
		}
		text(err)
		if _, _, failed := Read(Append(nil, err)); failed != nil {
			t.Fatalf("%#v: second reading: %v", err, failed)
		}
	})
}
