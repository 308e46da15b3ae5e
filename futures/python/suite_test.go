package python_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/futurestest"
	"github.com/conexgo/conex/futures/python"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/pickle"
)

// suiteOptions says what the tests of all executors call here. An exception is
// what a panic is elsewhere, and SystemExit stands in for Goexit.
var suiteOptions = futurestest.Options{
	Copies: true,
	Kills:  true,
	Funcs: futurestest.Funcs{
		Inc:        python.Func[int, int]("conexsuite:inc"),
		Echo:       python.Func[futurestest.Value, futurestest.Value]("conexsuite:echo"),
		Invert:     python.Func[[]byte, []byte]("conexsuite:invert"),
		Greet:      python.Func[string, string]("conexsuite:greet"),
		FailOdd:    python.Func[int, int]("conexsuite:fail_odd"),
		Panic:      python.Func[int, int]("conexsuite:panic"),
		Exit:       python.Func[int, int]("conexsuite:leave"),
		Gate:       python.Func[futurestest.GateArg, int]("conexsuite:gate"),
		UntilDone:  python.Func[int, int]("conexsuite:until_done"),
		Deadline:   python.Func[int, int64]("conexsuite:deadline"),
		Change:     python.Func[[]int, int]("conexsuite:change"),
		Spin:       python.Func[int, int]("conexsuite:spin"),
		Unsendable: python.Func[int, any]("conexsuite:unsendable"),
		TakeAny:    python.Func[any, int]("conexsuite:echo"),
	},
	Failure:    python.ExceptionType("conexsuite.TaskError"),
	Exit:       pickle.SystemExit,
	Panic:      suitePanic,
	Unsendable: "_thread.lock",
	TimeUnit:   time.Microsecond,
}

// suitePanic checks the error of conexsuite.panic.
func suitePanic(err error, text string) error {
	e, ok := errors.AsType[*python.Error](err)
	switch {
	case !ok:
		return fmt.Errorf("the call ended with %v, want a *python.Error", err)
	case e.Type != "builtins.RuntimeError" || e.Message != text || !errors.Is(err, pickle.RuntimeError):
		return fmt.Errorf("the exception is %s: %q, want a RuntimeError: %q", e.Type, e.Message, text)
	case e.Function != "panic" || !strings.HasSuffix(e.File, "conexsuite.py") || !strings.Contains(e.Traceback, "in panic"):
		return fmt.Errorf("it was in %s, %s:%d:\n%s", e.Function, e.File, e.Line, e.Traceback)
	}
	return nil
}

func TestExecutor(t *testing.T) {
	suiteEach(t, func(t *testing.T, interpreter string) {
		futurestest.TestExecutor(t, func(t *testing.T) futures.Executor {
			leak.Check(t)
			return suitePool(t, python.Config{Interpreter: interpreter, Workers: 3})
		}, suiteOptions)
	})
}

// Workers start when they are needed: a second one only once the first is
// busy.
func TestOnDemand(t *testing.T) {
	leak.Check(t)
	p := suitePool(t, python.Config{Workers: 4, Spares: -1})
	ctx := suiteWithin(t, 20*time.Second)
	for range 100 {
		if _, err := futures.Submit(ctx, p, suiteOptions.Funcs.Inc, 1).Result(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(p.Stats().Workers); n != 1 {
		t.Errorf("%d workers for calls one after the other", n)
	}
	var fs []*futures.Future[bool]
	for range 3 {
		fs = append(fs, futures.Submit(ctx, p, suiteNap, 0.3))
	}
	for _, f := range fs {
		if err := f.Err(ctx); err != nil {
			t.Error(err)
		}
	}
	if n := len(p.Stats().Workers); n != 3 {
		t.Errorf("%d workers for three long tasks at a time", n)
	}
}
