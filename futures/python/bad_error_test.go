package python_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/python"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/pickle"
)

// Whatever user code raises is the error of its task, and of nothing else.
func TestExceptions(t *testing.T) {
	const module = "conexsuite."
	tests := []struct {
		name, typ, message string // "*": whatever it is
		is                 []error
		not                []error
	}{
		{"custom", module + "CustomError", "code 7", []error{pickle.ValueError, pickle.PlainException, python.ExceptionType(module + "CustomError")}, []error{pickle.KeyError, python.ExceptionType(module + "TaskError")}},
		{"stubborn", module + "Stubborn", "has a lock", []error{pickle.PlainException, python.ExceptionType(module + "Stubborn")}, nil},
		{"mute", module + "Mute", "*", []error{pickle.PlainException}, nil},
		{"bottom", module + "Bottom", "not an Exception", []error{pickle.BaseException}, []error{pickle.PlainException}},
		{"exit", "builtins.SystemExit", "2", []error{pickle.SystemExit}, []error{pickle.PlainException}},
		{"exit text", "builtins.SystemExit", "goodbye", []error{pickle.SystemExit}, nil},
		{"interrupt", "builtins.KeyboardInterrupt", "", []error{pickle.KeyboardInterrupt}, []error{pickle.PlainException}},
		{"generator", "builtins.GeneratorExit", "", []error{pickle.GeneratorExit}, nil},
		{"stop", "builtins.StopIteration", "5", []error{pickle.StopIteration}, nil},
		{"empty", "builtins.ValueError", "", []error{pickle.ValueError}, nil},
		{"key", "builtins.KeyError", "'k'", []error{pickle.KeyError, pickle.LookupError}, []error{pickle.IndexError}},
		{"index", "builtins.IndexError", "i", []error{pickle.IndexError, pickle.LookupError}, []error{pickle.KeyError}},
		{"zero", "builtins.ZeroDivisionError", "division by zero", []error{pickle.ZeroDivisionError, pickle.ArithmeticError}, nil},
		{"unicode", "builtins.UnicodeDecodeError", "*", []error{pickle.UnicodeDecodeError, pickle.ValueError}, nil},
		{"lines", "builtins.ValueError", "first\nsecond", []error{pickle.ValueError}, nil},
		{"long", "builtins.ValueError", "*", []error{pickle.ValueError}, nil},
		{"surrogate", "builtins.ValueError", "*", []error{pickle.ValueError}, nil},
		{"missing", "builtins.FileNotFoundError", "[Errno 2] No such file: '/nowhere'", []error{pickle.FileNotFoundError, pickle.OSError, fs.ErrNotExist, syscall.ENOENT}, []error{fs.ErrExist}},
		{"exists", "builtins.FileExistsError", "*", []error{fs.ErrExist, syscall.EEXIST}, []error{fs.ErrNotExist}},
		{"permission", "builtins.PermissionError", "*", []error{fs.ErrPermission, syscall.EACCES}, nil},
		{"eof", "builtins.EOFError", "the end", []error{io.EOF, pickle.EOFError}, nil},
		{"unsupported", "builtins.NotImplementedError", "not yet", []error{errors.ErrUnsupported, pickle.RuntimeError}, nil},
		{"timeout", "builtins.TimeoutError", "too slow", []error{os.ErrDeadlineExceeded, pickle.TimeoutError}, nil},
		{"pipe", "builtins.BrokenPipeError", "*", []error{pickle.BrokenPipeError, pickle.ConnectionError, syscall.EPIPE}, nil},
		{"memory", "builtins.MemoryError", "", []error{pickle.MemoryError}, nil},
	}
	never := []error{futures.ErrWorkerDied, futures.ErrBroken, futures.ErrCancelled, futures.ErrNotEncodable, python.ErrNotFound, python.ErrNotPython}
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 1})
		ctx := suiteWithin(t, 30*time.Second)
		pid, err := futures.Submit(ctx, p, suitePid, none{}).Result(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range tests {
			_, err := futures.Submit(ctx, p, suiteRaise, tt.name).Result(ctx)
			e, ok := errors.AsType[*python.Error](err)
			if !ok {
				t.Errorf("%s: got %v", tt.name, err)
				continue
			}
			if e.Type != tt.typ || e.Message != tt.message && tt.message != "*" {
				t.Errorf("%s: it is a %s: %.100q", tt.name, e.Type, e.Message)
			}
			for _, target := range tt.is {
				if !errors.Is(err, target) {
					t.Errorf("%s: it is no %v", tt.name, target)
				}
			}
			for _, target := range slices.Concat(tt.not, never) {
				if errors.Is(err, target) {
					t.Errorf("%s: it is a %v", tt.name, target)
				}
			}
			if e.Function != "raise_named" || !strings.HasSuffix(e.File, "conexsuite.py") || e.Line == 0 || e.Cause != nil ||
				!strings.Contains(e.Traceback, "in raise_named") || strings.Contains(e.Traceback, "conex_worker") {
				t.Errorf("%s: at %s:%d in %s, cause %v\n%.2000s", tt.name, e.File, e.Line, e.Function, e.Cause, e.Traceback)
			}
			if s := err.Error(); strings.Contains(s, "\n") || len(s) > 2000 || !strings.HasPrefix(s, "python: "+tt.typ) || !strings.Contains(s, "conexsuite.py:") {
				t.Errorf("%s: its text is %.3000q", tt.name, s)
			}
			if x := strings.Repeat("x", 5000); tt.name == "long" && (!strings.HasPrefix(e.Message, x) || !strings.HasSuffix(e.Message, x)) {
				t.Errorf("%s: %d bytes of the message are left", tt.name, len(e.Message))
			}
			if tt.name == "stubborn" && e.Exception != nil {
				t.Errorf("%s: it has been pickled: %v", tt.name, e.Exception)
			}
			if tt.name == "key" && (e.Exception == nil || !slices.Equal(e.Exception.Args, pickle.Tuple{"k"})) {
				t.Errorf("%s: the exception is %v", tt.name, e.Exception)
			}
		}
		if got, err := futures.Submit(ctx, p, suitePid, none{}).Result(ctx); got != pid || err != nil {
			t.Errorf("the worker is now %d, %v; it was %d", got, err, pid)
		}
	})
}

// Causes, contexts, notes and groups.
func TestErrorShapes(t *testing.T) {
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 1})
		ctx := suiteWithin(t, 30*time.Second)
		version, err := futures.Submit(ctx, p, python.Func[none, []int]("conexsuite:version"), none{}).Result(ctx)
		if err != nil {
			t.Fatal(err)
		}
		call := func(function string) *python.Error {
			t.Helper()
			err := futures.Submit(ctx, p, python.Func[none, any]("conexsuite:"+function), none{}).Err(ctx)
			e, ok := errors.AsType[*python.Error](err)
			if !ok {
				t.Errorf("%s: %v", function, err)
				return &python.Error{}
			}
			if e.Function != function && function != "recurse" {
				t.Errorf("%s: it was in %s", function, e.Function)
			}
			return e
		}
		for function, between := range map[string]string{"with_cause": "direct cause of the following exception", "with_context": "another exception occurred"} {
			e := call(function)
			if e.Cause == nil || e.Cause.Type != "builtins.KeyError" || e.Cause.Message != "'k'" || e.Cause.Line == 0 || e.Cause.Line >= e.Line || e.Cause.Cause != nil {
				t.Errorf("%s: the cause is %+v", function, e.Cause)
			}
			if !strings.Contains(e.Traceback, "KeyError") || !strings.Contains(e.Traceback, between) {
				t.Errorf("%s:\n%s", function, e.Traceback)
			}
			// The cause is another error: errors.Is finds it, as in Go.
			if !errors.Is(e, pickle.KeyError) || !errors.Is(e, suiteOptions.Failure) {
				t.Errorf("%s: errors.Is does not know it", function)
			}
		}
		if e := call("without_context"); e.Cause != nil || errors.Is(e, pickle.KeyError) || strings.Contains(e.Traceback, "KeyError") {
			t.Errorf("from None: %+v", e)
		}
		if e := call("cause_cycle"); e.Message != "a" {
			t.Errorf("a cycle of causes: %v", e)
		}
		err = futures.Submit(ctx, p, python.Func[int, any]("conexsuite:long_chain"), 1000).Err(ctx)
		if e, ok := errors.AsType[*python.Error](err); !ok || e.Message != "999" || e.Cause == nil || e.Cause.Message != "998" {
			t.Errorf("a chain of 1,000: %.200v", err)
		}
		err = futures.Submit(ctx, p, python.Func[int, any]("conexsuite:recurse"), 0).Err(ctx)
		if e, ok := errors.AsType[*python.Error](err); !ok || !errors.Is(err, pickle.RecursionError) || e.Function != "recurse" || len(e.Traceback) > 100_000 {
			t.Errorf("endless recursion: %.200v", err)
		}
		e := suiteCheckError(t, "open", futures.Submit(ctx, p, python.Func[none, any]("conexsuite:open_missing"), none{}).Err(ctx), fs.ErrNotExist, suiteWhere{"conexsuite.py", suiteLine(t, `return open("/nowhere`), "open_missing"})
		if e != nil && !strings.Contains(e.Message, "/nowhere/at/all") {
			t.Errorf("the message: %s", e.Message)
		}
		if version[1] >= 11 {
			if e := call("with_notes"); !slices.Equal(e.Notes, []string{"first note", "second note"}) || !strings.Contains(e.Traceback, "second note") {
				t.Errorf("notes %q\n%s", e.Notes, e.Traceback)
			}
			if e := call("with_group"); !strings.HasPrefix(e.Message, "several") || !errors.Is(e, pickle.ExceptionGroup) || !strings.Contains(e.Traceback, "TaskError") {
				t.Errorf("a group: %v\n%s", e, e.Traceback)
			}
		}
		if r, err := futures.Submit(ctx, p, suiteInc, 1).Result(ctx); r != 2 || err != nil {
			t.Errorf("afterwards: %v, %v", r, err)
		}
	})
}

// suiteLine is the number of the line of conexsuite.py that has the text.
func suiteLine(t testing.TB, text string) int {
	t.Helper()
	before, _, ok := strings.Cut(suiteRead(t, "testdata/conexsuite.py"), text)
	if !ok {
		t.Fatalf("no %q in conexsuite.py", text)
	}
	return strings.Count(before, "\n") + 1
}
