package python

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/conexgo/conex/pickle"
)

// An Error is an exception that a function of Python raised and did not catch.
//
// errors.Is tells its class, or a base of it: with the classes of package pickle
// for Python's own, and an [ExceptionType] for those of others.
//
//	errors.Is(err, pickle.LookupError)
//	errors.Is(err, python.ExceptionType("shop.OutOfStock"))
//
// Exceptions that mean what an error of Go means match that, too: FileNotFoundError
// fs.ErrNotExist, FileExistsError fs.ErrExist, PermissionError fs.ErrPermission,
// EOFError io.EOF, NotImplementedError errors.ErrUnsupported, TimeoutError
// os.ErrDeadlineExceeded. An OSError matches its syscall.Errno, except on Windows.
//
// Since an Error wraps its Cause, all of that holds for what it was raised from as
// well; look at Type to tell them apart. Nobody may change an Error; then it is
// safe for concurrent use.
type Error struct {
	Type    string // the class with its module: "builtins.KeyError"
	Message string // what str(e) gives in Python

	// Traceback is what Python would print, causes and notes included, without
	// the worker's own frames.
	Traceback string

	// Where it was raised: the innermost line of the user's code. "" and 0 if
	// that is unknown.
	File     string
	Line     int
	Function string

	Notes []string // what add_note has added

	// Cause is what the exception was raised from, or during the handling of
	// which it was raised, unless that is suppressed; nil if there is none.
	Cause *Error

	// Group has the exceptions of an ExceptionGroup, as far as they were sent.
	// errors.Is and errors.As look at them too.
	Group []*Error

	// Exception has the args and attributes, as far as they can be pickled; nil
	// if they cannot.
	Exception *pickle.Exception

	bases []string // the class and its bases, as Type is written
	errno int      // of an OSError
}

// Error says it in one line: the class, the message, and where it was. Format with
// %+v to have the traceback behind it.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("python: ")
	b.WriteString(e.Type)
	if e.Message != "" {
		b.WriteString(": ")
		b.WriteString(oneLine(e.Message))
	}
	if e.File != "" {
		fmt.Fprintf(&b, " (%s:%d", filepath.Base(e.File), e.Line)
		if e.Function != "" && e.Function != "<module>" {
			b.WriteString(" in " + e.Function)
		}
		b.WriteByte(')')
	}
	return b.String()
}

// longestMessage is from where on a message is cut: an exception may hold a whole
// document. Message has all of it.
const longestMessage = 1 << 10

// oneLine makes one line of a message.
func oneLine(s string) string {
	if len(s) > longestMessage {
		s = strings.ToValidUTF8(s[:longestMessage], "") + "…"
	}
	return strings.ReplaceAll(strings.TrimSpace(s), "\n", `\n`)
}

// Format is Error for all verbs but %+v, which adds the traceback, and %q, which
// quotes.
func (e *Error) Format(s fmt.State, verb rune) {
	switch {
	case verb == 'v' && s.Flag('+') && e.Traceback != "":
		io.WriteString(s, e.Error()+"\n"+strings.TrimRight(e.Traceback, "\n"))
	case verb == 'q':
		fmt.Fprintf(s, "%q", e.Error())
	default:
		io.WriteString(s, e.Error())
	}
}

// Unwrap returns the Cause, if there is one.
func (e *Error) Unwrap() error {
	if e.Cause == nil {
		return nil
	}
	return e.Cause
}

// Is reports whether target stands for the class of e, or a base of it, or for one of
// those in its Group.
func (e *Error) Is(target error) bool {
	for _, x := range e.Group {
		if errors.Is(x, target) {
			return true
		}
	}
	switch t := target.(type) {
	case *pickle.ExceptionClass:
		return e.derived(t)
	case ExceptionType:
		return e.named(string(t))
	case syscall.Errno:
		return e.errno != 0 && runtime.GOOS != "windows" && t == syscall.Errno(e.errno)
	}
	for _, m := range meanings {
		if m.err == target {
			return e.derivedFromAny(m.classes)
		}
	}
	return false
}

// meanings are the errors of Go that exceptions match. What is one class today was
// several before Python 3.10 and 3.11.
var meanings = []struct {
	err     error
	classes []string
}{
	{fs.ErrNotExist, []string{"builtins.FileNotFoundError"}},
	{fs.ErrExist, []string{"builtins.FileExistsError"}},
	{fs.ErrPermission, []string{"builtins.PermissionError"}},
	{io.EOF, []string{"builtins.EOFError"}},
	{errors.ErrUnsupported, []string{"builtins.NotImplementedError", "io.UnsupportedOperation"}},
	{os.ErrDeadlineExceeded, []string{"builtins.TimeoutError", "asyncio.exceptions.TimeoutError",
		"concurrent.futures._base.TimeoutError", "socket.timeout"}},
}

// As sets a *syscall.Errno for an OSError, and a **pickle.Exception.
func (e *Error) As(target any) bool {
	switch t := target.(type) {
	case *syscall.Errno:
		if e.errno != 0 && runtime.GOOS != "windows" {
			*t = syscall.Errno(e.errno)
			return true
		}
	case **pickle.Exception:
		if e.Exception != nil {
			*t = e.Exception
			return true
		}
	}
	for _, x := range e.Group {
		if errors.As(x, target) {
			return true
		}
	}
	return false
}

// derived asks package pickle, which knows classes by all their names.
func (e *Error) derived(class *pickle.ExceptionClass) bool {
	for _, name := range e.bases {
		if x := (&pickle.Exception{Class: globalOf(name)}); x.Is(class) {
			return true
		}
	}
	return class == pickle.BaseException
}

// named reports whether e is of the class name, or derived from it.
func (e *Error) named(name string) bool {
	if !strings.Contains(name, ".") {
		name = "builtins." + name
	}
	for _, b := range e.bases {
		if b == name {
			return true
		}
	}
	return e.Type == name
}

func (e *Error) derivedFromAny(names []string) bool {
	for _, n := range names {
		if e.named(n) {
			return true
		}
	}
	return false
}

// globalOf takes a name apart again. A class inside of another one is not among
// those that are asked for, so that the last dot is the right one.
func globalOf(name string) pickle.Global {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return pickle.Global{Module: name[:i], Name: name[i+1:]}
	}
	return pickle.Global{Module: "builtins", Name: name}
}
