package python

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/cpython"
	"github.com/conexgo/conex/pickle"
)

// described is the pickle of a description, as workers send it.
func described(t testing.TB, pairs ...any) []byte {
	t.Helper()
	p, err := pickle.Marshal(dictOf(pairs...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func dictOf(pairs ...any) *pickle.Dict {
	d := new(pickle.Dict)
	for i := 0; i < len(pairs); i += 2 {
		d.Set(pairs[i], pairs[i+1])
	}
	return d
}

func names(of ...string) *pickle.List {
	l := pickle.NewList()
	for _, name := range of {
		l.Items = append(l.Items, name)
	}
	return l
}

func TestReadError(t *testing.T) {
	exc, _ := pickle.Marshal(pickle.KeyError.New("zz"))
	err := readError(described(t,
		"type", "builtins.KeyError", "message", "'zz'", "traceback", "Traceback:\n  …\nKeyError: 'zz'\n",
		"bases", names("builtins.KeyError", "builtins.LookupError", "builtins.Exception", "builtins.BaseException", "builtins.object"),
		"file", "/srv/py/stats.py", "line", 14, "function", "mean", "notes", names("a note"), "exc", exc, "errno", nil,
		"cause", dictOf("type", "shop.OutOfStock", "message", "two\nlines", "bases", names("shop.OutOfStock", "builtins.Exception"), "cause", nil)))
	var e *Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	want := &Error{Type: "builtins.KeyError", Message: "'zz'", Traceback: "Traceback:\n  …\nKeyError: 'zz'\n", File: "/srv/py/stats.py", Line: 14,
		Function: "mean", Notes: []string{"a note"}, Exception: e.Exception, Cause: e.Cause, bases: e.bases}
	if !reflect.DeepEqual(e, want) || len(e.bases) != 5 {
		t.Errorf("%#v", e)
	}
	if e.Exception == nil || e.Exception.Error() != "KeyError: 'zz'" {
		t.Error(e.Exception)
	}
	const line = "python: builtins.KeyError: 'zz' (stats.py:14 in mean)"
	for format, want := range map[string]string{
		"%v": line, "%s": line, "%q": fmt.Sprintf("%q", line), "%+v": line + "\nTraceback:\n  …\nKeyError: 'zz'", "%d": line,
	} {
		if got := fmt.Sprintf(format, err); got != want {
			t.Errorf("%s: %s", format, got)
		}
	}
	if got := e.Cause.Error(); got != `python: shop.OutOfStock: two\nlines` || fmt.Sprintf("%+v", e.Cause) != got {
		t.Error(got)
	}
	var x *pickle.Exception
	if !errors.As(err, &x) || x.Args[0] != "zz" {
		t.Error(x)
	}
	for target, want := range map[error]bool{
		pickle.KeyError: true, pickle.LookupError: true, pickle.BaseException: true, pickle.ValueError: false, pickle.IndexError: false,
		ExceptionType("KeyError"): true, ExceptionType("builtins.LookupError"): true, ExceptionType("shop.KeyError"): false,
		ExceptionType("shop.OutOfStock"): true, // its cause
		fs.ErrNotExist:                   false, io.EOF: false, syscall.ENOENT: false, errors.New("x"): false,
	} {
		if errors.Is(err, target) != want {
			t.Errorf("errors.Is(err, %v) is %v", target, !want)
		}
	}
	if errors.Unwrap(e.Cause) != nil {
		t.Error("a nil cause is an error")
	}
}

// Exceptions that mean what an error of Go means, as CPython of several versions
// names them.
func TestErrorMeanings(t *testing.T) {
	const script = `
import asyncio, concurrent.futures, io, json, os, pickle, queue, socket, sys
class OutOfStock(Exception):
    def __init__(self, item, *, left=0):
        super().__init__(item)
        self.left = left
OutOfStock.__module__ = 'shop'
sys.modules['shop'] = sys.modules['__main__']
def qualified(cls):
    return cls.__module__ + '.' + cls.__qualname__
def describe(e):
    return dict(type=qualified(type(e)), message=str(e), bases=[qualified(c) for c in type(e).__mro__],
                errno=getattr(e, 'errno', None), exc=pickle.dumps(e), cause=None)
out = []
for e in (FileNotFoundError(2, 'no', 'f'), FileExistsError(17, 'is'), PermissionError(13, 'no'), EOFError(), NotImplementedError(),
          io.UnsupportedOperation('x'), TimeoutError(), asyncio.TimeoutError(), concurrent.futures.TimeoutError(), socket.timeout(),
          queue.Empty(), OSError(28, 'full'), ConnectionResetError(104, 'x'), OutOfStock('pen', left=3), KeyboardInterrupt(), SystemExit(3)):
    out.append(describe(e))
pickle.dump(out, sys.stdout.buffer)
`
	targets := map[string]error{
		"notexist": fs.ErrNotExist, "exist": fs.ErrExist, "permission": fs.ErrPermission, "eof": io.EOF,
		"unsupported": errors.ErrUnsupported, "deadline": os.ErrDeadlineExceeded, "empty": pickle.QueueEmpty,
		"os": pickle.OSError, "timeout": pickle.TimeoutError, "enospc": syscall.ENOSPC, "enoent": syscall.ENOENT,
		"shop": ExceptionType("shop.OutOfStock"), "exception": pickle.PlainException, "base": pickle.BaseException,
		"value": pickle.ValueError,
	}
	want := [][]string{
		{"notexist", "os", "enoent", "exception"}, {"exist", "os", "exception"}, {"permission", "os", "exception"}, {"eof", "exception"},
		{"unsupported", "exception"}, {"unsupported", "os", "value", "exception"},
		{"deadline", "timeout", "os", "exception"}, {"deadline", "exception"}, {"deadline", "exception"}, {"deadline", "os", "exception"},
		{"empty", "exception"}, {"os", "enospc", "exception"}, {"os", "exception"}, {"shop", "exception"}, {}, {},
	}
	for _, interpreter := range cpython.NeedAny(t, 8) {
		var descriptions []any
		if err := config.Unmarshal(runPython(t, interpreter, script, nil), &descriptions); err != nil {
			t.Fatal(err)
		}
		if len(descriptions) != len(want) {
			t.Fatalf("%d descriptions", len(descriptions))
		}
		for i, d := range descriptions {
			p, _ := pickle.Marshal(d)
			err := readError(p)
			is := map[string]bool{"base": true}
			for _, name := range want[i] {
				is[name] = true
			}
			for name, target := range targets {
				got := errors.Is(err, target)
				// From 3.10 and 3.11 on these are TimeoutError itself.
				if (name == "timeout" || name == "os") && 7 <= i && i <= 9 {
					continue
				}
				if got != is[name] {
					t.Errorf("%s: %v: errors.Is %s is %v", interpreter, err, name, got)
				}
			}
			if e := err.(*Error); e.Exception == nil {
				t.Errorf("%s: %v has no Exception", interpreter, err)
			}
			var errno syscall.Errno
			if errors.As(err, &errno) != (err.(*Error).errno != 0) || i == 11 && errno != syscall.ENOSPC {
				t.Errorf("%s: %v: errno %d", interpreter, err, errno)
			}
		}
		own := readErrorOf(t, descriptions[13])
		if own.Type != "shop.OutOfStock" || len(own.Exception.Args) != 1 || own.Exception.Args[0] != "pen" {
			t.Errorf("%s: %+v", interpreter, own.Exception)
		}
		if left, _ := own.Exception.State.(*pickle.Dict).Get("left"); left != int64(3) {
			t.Errorf("%s: state %v", interpreter, own.Exception.State)
		}
	}
}

func readErrorOf(t *testing.T, description any) *Error {
	t.Helper()
	p, err := pickle.Marshal(description)
	if err != nil {
		t.Fatal(err)
	}
	return readError(p).(*Error)
}

// Whatever a worker sends, there is an error.
func TestReadErrorOfAnything(t *testing.T) {
	loop := dictOf("type", "builtins.ValueError")
	loop.Set("cause", loop)
	err := readErrorOf(t, loop)
	n := 0
	for e := err; e != nil; e = e.Cause {
		n++
	}
	if n != maxErrors {
		t.Errorf("%d causes", n)
	}
	if err := readErrorOf(t, dictOf("line", "x", "notes", 5, "bases", pickle.Tuple{1, "a"}, "exc", []byte("no"), "errno", int64(1)<<40)); err.Type != "builtins.BaseException" ||
		err.Line != 0 || err.errno != 0 || len(err.bases) != 1 || err.Exception != nil {
		t.Errorf("%#v", err)
	}
	for _, b := range [][]byte{nil, []byte("garbage"), []byte("N."), []byte("K\x01.")} {
		if err := readError(b); err == nil || !strings.Contains(err.Error(), "python: a worker raised an exception") {
			t.Errorf("%q: %v", b, err)
		}
	}
	group := readErrorOf(t, dictOf("type", "builtins.ExceptionGroup", "bases", names("builtins.ExceptionGroup"), "group",
		pickle.NewList(dictOf("type", "builtins.KeyError", "bases", names("builtins.KeyError")), 5,
			dictOf("type", "builtins.OSError", "errno", 2, "bases", names("builtins.OSError")))))
	if len(group.Group) != 2 || !errors.Is(group, pickle.LookupError) || !errors.Is(group, pickle.ExceptionGroup) ||
		errors.Is(group, pickle.ValueError) {
		t.Errorf("%+v", group)
	}
	var errno syscall.Errno
	if !errors.As(group, &errno) || errno != 2 {
		t.Error(errno)
	}
	twice := dictOf("type", "a.b")
	twice.Set("group", pickle.NewList(twice, twice, twice))
	if readErrorOf(t, twice).Group == nil {
		t.Error("no group")
	}
	long := readErrorOf(t, dictOf("type", "builtins.ValueError", "message", strings.Repeat("ä", 100_000)))
	if n := len(long.Error()); n > 2*longestMessage {
		t.Errorf("an error of %d bytes", n)
	}
}

func FuzzReadError(f *testing.F) {
	f.Add(described(f, "type", "builtins.KeyError", "message", "x", "notes", names("n"), "exc", []byte("N."), "cause", dictOf("type", "a.b")))
	f.Fuzz(func(t *testing.T, b []byte) {
		err := readError(b)
		if err == nil || err.Error() == "" {
			t.Error(err)
		}
		errors.Is(err, pickle.KeyError)
	})
}

func TestOtherFailures(t *testing.T) {
	err := notPickled("m:f", described(t, "type", "builtins.TypeError", "message", "cannot pickle 'module' object", "bases", names("builtins.TypeError")))
	if !errors.Is(err, futures.ErrNotEncodable) || !errors.Is(err, pickle.TypeError) || !strings.Contains(err.Error(), `result of "m:f"`) {
		t.Error(err)
	}
	if err := notFound([]byte("module math has no sqr: sqrt?")); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "sqrt?") {
		t.Error(err)
	}
}
