package pickle

import (
	"errors"
	"fmt"
	"io/fs"
	"sort"
	"strings"
	"testing"
)

// The classes and their bases are those of CPython 3.13, and an instance says
// what it says there.
func TestExceptionsAsPython(t *testing.T) {
	python := newest(t)
	var classes []Global
	for g := range exceptionClasses {
		classes = append(classes, g)
	}
	sort.Slice(classes, func(i, j int) bool { return classes[i].String() < classes[j].String() })
	var in strings.Builder
	for _, g := range classes {
		fmt.Fprintln(&in, g.Module, g.Name)
	}
	out := runPython(t, python, []byte(in.String()), "-c", `
import sys, importlib
for line in sys.stdin:
    module, name = line.split()
    try:
        c = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        print(module, name, '-')        # is not in this version
        continue
    print(module, name, c.__module__ + '.' + c.__name__, *sorted(b.__module__ + '.' + b.__name__ for b in c.__bases__))
`)
	seen := 0
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		f := strings.Fields(line)
		c := exceptionClasses[Global{f[0], f[1]}]
		if f[2] == "-" {
			continue
		}
		if f[0]+f[1] == "concurrent.futures._baseTimeoutError" {
			continue // from 3.11 on it is builtins.TimeoutError
		}
		seen++
		var bases []string
		for _, b := range c.bases {
			bases = append(bases, b.global.String())
		}
		sort.Strings(bases)
		if len(bases) == 0 {
			bases = []string{"builtins.object"}
		}
		if got := c.global.String() + " " + strings.Join(bases, " "); got != strings.Join(f[2:], " ") {
			t.Errorf("%s %s is %s, want %s", f[0], f[1], got, strings.Join(f[2:], " "))
		}
	}
	if seen < 80 {
		t.Errorf("CPython knows %d of %d classes", seen, len(classes))
	}
}

func TestException(t *testing.T) {
	for _, c := range []struct {
		err   *Exception
		want  string
		is    []error
		isNot []error
	}{
		{KeyError.New("zz"), "KeyError: 'zz'", []error{KeyError, LookupError, PlainException, BaseException}, []error{IndexError, ValueError}},
		{ValueError.New(), "ValueError", []error{ValueError}, []error{UnicodeError}},
		{ValueError.New("a", 1), "ValueError: ('a', 1)", nil, nil},
		{ValueError.New(1), "ValueError: 1", nil, nil},
		{ValueError.New(""), "ValueError", nil, nil},
		{RuntimeError.Newf("%d of %d", 1, 2), "RuntimeError: 1 of 2", nil, nil},
		{QueueEmpty.New(), "_queue.Empty", []error{QueueEmpty, PlainException}, []error{QueueFull}},
		{&Exception{Class: Global{"queue", "Empty"}}, "queue.Empty", []error{QueueEmpty}, nil},
		{BrokenBarrierError.New(), "threading.BrokenBarrierError", []error{RuntimeError}, nil},
		{ProcessTimeoutError.New(), "multiprocessing.context.TimeoutError", []error{ProcessError}, []error{TimeoutError}},
		{FileNotFoundError.New(2, "No such file", "f"), "FileNotFoundError: [Errno 2] No such file: 'f'", []error{OSError, IOError}, nil},
		{OSError.New(2, "x", "f", nil, "g"), "OSError: [Errno 2] x: 'f' -> 'g'", nil, nil},
		{ConnectionResetError.New("gone"), "ConnectionResetError: gone", []error{ConnectionError, OSError}, nil},
		{&Exception{Class: Global{"m", "E"}, Args: Tuple{"x"}}, "m.E: x", []error{BaseException}, []error{PlainException}},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
		wrapped := fmt.Errorf("call: %w", c.err)
		for _, target := range c.is {
			if !errors.Is(wrapped, target) {
				t.Errorf("%v is no %v", c.err, target)
			}
		}
		for _, target := range c.isNot {
			if errors.Is(wrapped, target) {
				t.Errorf("%v is a %v", c.err, target)
			}
		}
	}
	if !errors.Is(KeyError, LookupError) || errors.Is(LookupError, KeyError) {
		t.Error("the classes themselves")
	}
	if got := KeyError.Global(); got != (Global{"builtins", "KeyError"}) {
		t.Error(got)
	}
	// What would take for ever to print is cut.
	laughs := NewList()
	for range 60 {
		laughs = NewList(laughs, laughs)
	}
	if got := ValueError.New(laughs).Error(); len(got) > 2*longestText {
		t.Errorf("the text of an exception has %d bytes", len(got))
	}
}

func TestClasses(t *testing.T) {
	type point struct{ X, Y int }
	errMine := errors.New("mine")
	var c Classes
	c.Register("m", "Point", point{})
	c.RegisterError(Global{"m", "Mine"}, errMine)
	c.RegisterError(Global{"m", "Mine"}, fs.ErrExist)

	for name, f := range map[string]func(){
		"no struct":       func() { c.Register("m", "X", 1) },
		"nil":             func() { c.Register("m", "X", nil) },
		"the class again": func() { c.Register("m", "Point", struct{}{}) },
		"the type again":  func() { c.Register("m", "X", &point{}) },
		"no error":        func() { c.RegisterError(Global{"m", "X"}, nil) },
		"* in front":      func() { c.Allow("*.Point") },
		"* alone":         func() { c.Allow("*") },
		"no module":       func() { c.Allow("Point") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
	if c.restricted() {
		t.Error("a pattern that is none made a list")
	}

	cfg := Config{Classes: &c}
	var v any
	if err := cfg.Unmarshal([]byte("cm\nMine\n(Vtext\ntR."), &v); err != nil {
		t.Fatal(err)
	}
	if err := v.(error); !errors.Is(err, errMine) || !errors.Is(err, fs.ErrExist) || err.Error() != "m.Mine: text" {
		t.Errorf("%v", err)
	}
	if g, ok := c.errorClass(fmt.Errorf("it is %w", errMine)); !ok || g.Name != "Mine" {
		t.Errorf("an error that wraps the registered one is %v", g)
	}
	if _, ok := c.errorClass(fs.ErrClosed); ok {
		t.Error("an error that was not registered is")
	}

	c.Allow("a.B", "p.q.*")
	for name, want := range map[Global]bool{
		{"a", "B"}: true, {"a", "C"}: false, {"a", "B.C"}: false, {"x.a", "B"}: false,
		{"p.q", "X"}: true, {"p.q", "X.Y"}: false, {"p", "q"}: false, {"p", "X"}: false, {"p.q.r", "X"}: false,
		{"m", "Point"}: true, {"m", "Mine"}: true, {"m", "Other"}: false,
		{"builtins", "set"}: true, {"builtins", "KeyError"}: true, {"datetime", "date"}: true,
		{"builtins", "eval"}: false, {"builtins", "exec"}: false, {"os", "system"}: false, {"builtins", "getattr"}: true,
		{"builtins", "__import__"}: false, {"copyreg", "__newobj__"}: true, {"functools", "partial"}: false,
	} {
		if got := c.allows(name); got != want {
			t.Errorf("%v is allowed: %v", name, got)
		}
	}
	// getattr may name classes inside classes that are allowed, and nothing else.
	for data, want := range map[string]bool{
		"cbuiltins\ngetattr\n(cp.q\nX\nVY\ntR.":        false,
		"cbuiltins\ngetattr\n(ca\nB\nV__init__\ntR.":   false,
		"cbuiltins\ngetattr\n((ia\nB\nV__class__\ntR.": false,
		"ca\nB\n.": true,
	} {
		var e *ForbiddenError
		if err := cfg.Unmarshal([]byte(data), &v); errors.As(err, &e) == want {
			t.Errorf("%q: %v", data, err)
		}
	}
}

// The names of Python 2 are those that CPython has for them.
func TestNamesAsPython(t *testing.T) {
	python := newest(t)
	out := runPython(t, python, nil, "-c", `
import _compat_pickle as c
for (m, n), (m3, n3) in c.NAME_MAPPING.items(): print('3', m, n, m3, n3)
for m, m3 in c.IMPORT_MAPPING.items(): print('3', m, 'Some', m3, 'Some')
for (m, n), (m2, n2) in c.REVERSE_NAME_MAPPING.items(): print('2', m, n, m2, n2)
for m, m2 in c.REVERSE_IMPORT_MAPPING.items(): print('2', m, 'Some', m2, 'Some')
print('3 mine C mine C'); print('2 mine C mine C')
`)
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) < 200 {
		t.Fatalf("CPython knows %d names", len(lines))
	}
	for _, line := range lines {
		f := strings.Fields(line)
		if f[1] == "Tix" || f[1] == "tkinter.tix" {
			continue // 3.13 has dropped them, with the module
		}
		to := toPython3
		if f[0] == "2" {
			to = toPython2
		}
		if got, want := to(Global{f[1], f[2]}), (Global{f[3], f[4]}); got != want {
			t.Errorf("%s.%s in Python %s is %v, want %v", f[1], f[2], f[0], got, want)
		}
	}
}
