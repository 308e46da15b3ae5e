package python

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/wire"
)

// engine is what entries of Python have as their Engine.
const engine = "python"

// A key is how a worker is told what to call: the kind, how the arguments are
// given, and a text. The worker looks it up once.
//
//	'f'  "module:function"
//	'e'  an expression
//	's'  name of a function, NUL, the source that defines it
//	'm'  name of a method of the worker's object
const (
	kindFunc   = 'f'
	kindExpr   = 'e'
	kindSource = 's'
	kindMethod = 'm'
)

// How the pickle of a call has the arguments.
const (
	modeNone     = '0' // None: no arguments
	modeOne      = '1' // the argument
	modeArgs     = '*' // a sequence of positional arguments
	modeArgsDict = '&' // a tuple: a tuple of positional arguments, and a dict
)

// What a unit says of its entries. An Entry's Flags have those that are known of
// the function or the call beforehand: flagStream and flagNoResult.
const (
	flagLarge    = 1  // the argument is in a segment
	flagHandles  = 2  // the pickle refers to segments
	flagStream   = 4  // each item of the result goes by itself
	flagTimed    = 8  // there is a time limit: the worker notes when it begins
	flagNoResult = 16 // the result is not wanted: send None
)

// maxText bounds the text of a key, which goes along with every call.
const maxText = 32 << 10

// wires has the wire forms that were made: of *wire.Func[A, R] by Func[A, R],
// Expr[A, R] or Method[A, R]. The type is part of such a key as well as the text.
var (
	wires    sync.Map
	numWires atomic.Int64
)

// maxWires bounds wires. Programs should not make up names as they go; those that
// do pay for each call what is otherwise paid once.
const maxWires = 1 << 14

func keepWire[A, R any](f any, w *wire.Func[A, R]) *wire.Func[A, R] {
	if numWires.Load() >= maxWires {
		return w
	}
	kept, loaded := wires.LoadOrStore(f, w)
	if !loaded {
		numWires.Add(1)
	}
	return kept.(*wire.Func[A, R])
}

// newWire makes the wire form of a function. What is wrong with its types or its
// text is kept in Err: engines report it.
func newWire[A, R any](kind byte, name, text string) *wire.Func[A, R] {
	args := argsOf[A](kind)
	key := append([]byte{kind, args.mode}, text...)
	w := wire.Foreign(name, engine, key, wire.Coding[A, R]{
		AppendArg:  args.append,
		ReadResult: resultOf[R](name),
		SizeHint:   args.hint,
	}, elsewhere(name))
	w.Sig = fmt.Sprintf("%v → %v", reflect.TypeFor[A](), reflect.TypeFor[R]())
	if noResult[R]() {
		w.Flags = flagNoResult
	}
	switch err := checkText(kind, name, text); {
	case err != nil:
		w.Err = err
	case args.err != nil:
		w.Err = fmt.Errorf("python: argument of %q: %w", name, args.err)
	default:
		w.Err = checkResult[R](name)
	}
	return w
}

// checkText finds what could not be a name at all. Whether it is one of something
// only a worker knows.
func checkText(kind byte, name, text string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: an empty name", ErrNotFound)
	case len(text) > maxText:
		return fmt.Errorf("python: %q has %d bytes of text: at most %d can go along with a call: put it into a module",
			clip(name), len(text), maxText)
	case !utf8.ValidString(text):
		return fmt.Errorf("python: %q is not UTF-8", clip(name))
	case strings.ContainsRune(name, 0) || kind != kindSource && strings.ContainsRune(text, 0):
		return fmt.Errorf("python: %q has a NUL", clip(name))
	}
	if kind == kindFunc {
		module, function, ok := strings.Cut(name, ":")
		if !ok || module == "" || function == "" || strings.Contains(function, ":") {
			return fmt.Errorf("%w: %q names no function: write \"package.module:function\"", ErrNotFound, name)
		}
	}
	return nil
}

// clip cuts a text for a message.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// elsewhere is the error of everybody who is not this engine.
func elsewhere(name string) error { return &notPythonError{name} }

type notPythonError struct{ name string }

func (e *notPythonError) Error() string {
	return fmt.Sprintf("python: %q is a function of Python: it runs in a pool of package futures/python", clip(e.name))
}

func (e *notPythonError) Is(target error) bool { return target == ErrNotPython }

// notEncodable is the error of an argument that cannot be sent.
func notEncodable(name string, err error) error {
	return fmt.Errorf("%w: argument of %q: %w", futures.ErrNotEncodable, clip(name), err)
}

// checkTask reports why a pool of this package does not take t. Only workers that
// have an object know methods.
func checkTask(t futures.Task, object bool) error {
	e := t.Entry()
	if e == nil {
		return fmt.Errorf("%w: %q is a closure of Go: this pool runs functions of Python, such as python.Func[int, int](\"module:function\")",
			futures.ErrNotEncodable, t.Name())
	}
	if err := e.Check(engine); err != nil {
		return fmt.Errorf("%w: %w", futures.ErrNotEncodable, err)
	}
	if e.Key[0] == kindMethod && !object {
		return fmt.Errorf("%w: %q is a method of an object: submit it to an Object, see NewObject", ErrNotFound, clip(e.Name))
	}
	return nil
}
