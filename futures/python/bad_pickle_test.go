package python_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/python"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/pickle"
)

// Arguments that raise, exit or die when they are unpickled, and results that
// do so when they are pickled, cost their task and nothing else.
func TestTraps(t *testing.T) {
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 1, Spares: 2})
		ctx := suiteWithin(t, 50*time.Second)
		argument := func(how string) *futures.Future[any] {
			return futures.Submit(ctx, p, python.Func[any, any]("conexsuite:echo"), any(&pickle.Object{
				Class: pickle.Global{Module: "conexsuite", Name: "spring"}, Args: pickle.Tuple{how},
			}))
		}
		result := func(how string) *futures.Future[any] {
			return futures.Submit(ctx, p, python.Func[string, any]("conexsuite:trap"), how)
		}
		for what, task := range map[string]func(string) *futures.Future[any]{"argument": argument, "result": result} {
			for _, how := range []string{"error", "exit", "die", "segfault"} {
				f := task(how)
				after := futures.Submit(ctx, p, suiteInc, 1)
				err := f.Err(ctx)
				class := map[string]error{"error": suiteOptions.Failure, "exit": pickle.SystemExit}[how]
				switch wd, died := errors.AsType[*futures.WorkerDiedError](err); {
				case class == nil && !died:
					t.Errorf("%s, %s: %v", what, how, err)
				case died && !strings.HasPrefix(wd.Func, "conexsuite:"):
					t.Errorf("%s, %s: %+v", what, how, wd)
				case class != nil && !errors.Is(err, class):
					t.Errorf("%s, %s: %v, want a %v", what, how, err, class)
				case class != nil && what == "result" && !errors.Is(err, futures.ErrNotEncodable):
					t.Errorf("%s, %s: %v, want ErrNotEncodable", what, how, err)
				}
				if r, err := after.Result(ctx); r != 2 || err != nil {
					t.Errorf("%s, %s: then %v, %v", what, how, r, err)
				}
			}
		}
		// A class that is not there, and one that takes other arguments.
		for name, class := range map[string]error{"Nowhere": pickle.AttributeError, "Refuses": pickle.TypeError} {
			err := futures.Submit(ctx, p, python.Func[any, any]("conexsuite:echo"), any(&pickle.Object{
				Class: pickle.Global{Module: "conexsuite", Name: name}, Args: pickle.Tuple{1, 2, 3},
			})).Err(ctx)
			if !errors.Is(err, class) || !strings.Contains(err.Error(), name) {
				t.Errorf("an argument of class %s: %v", name, err)
			}
		}
		if r, err := futures.Submit(ctx, p, suiteInc, 1).Result(ctx); r != 2 || err != nil {
			t.Errorf("in the end: %v, %v", r, err)
		}
	})
}

// Workers die while large arguments are on the way to them.
func TestCrashBigData(t *testing.T) {
	leak.Check(t)
	p := suitePool(t, python.Config{Workers: 2, Spares: 2})
	ctx := suiteWithin(t, 50*time.Second)
	n := 0
	for _, err := range futures.Map(ctx, p, python.Func[[]byte, int]("conexsuite:die_with"), func(yield func([]byte) bool) {
		for i := range 8 {
			if !yield(make([]byte, 1<<20*(i%2)+40_000*(i%3))) {
				return
			}
		}
	}) {
		if !errors.Is(err, futures.ErrWorkerDied) {
			t.Errorf("item %d: %v", n, err)
		}
		n++
	}
	if n != 8 {
		t.Errorf("%d items", n)
	}
	if b, err := futures.Submit(ctx, p, suiteOptions.Funcs.Invert, make([]byte, 3<<20)).Result(ctx); len(b) != 3<<20 || err != nil {
		t.Errorf("afterwards: %d bytes, %v", len(b), err)
	}
}

// A worker dies after Shutdown was called, with and without others waiting.
func TestCrashInShutdown(t *testing.T) {
	leak.Check(t)
	ctx := suiteWithin(t, 50*time.Second)
	for range 3 {
		p := suitePool(t, python.Config{Workers: 2})
		bad := futures.Submit(ctx, p, python.Func[none, int]("conexsuite:die_in_thread"), none{})
		good := futures.Submit(ctx, p, suiteNap, 0.05)
		if err := p.Shutdown(ctx); err != nil {
			t.Fatal(err)
		}
		if err := bad.Err(ctx); !errors.Is(err, futures.ErrWorkerDied) {
			t.Error(err)
		}
		if ok, err := good.Result(ctx); !ok || err != nil {
			t.Error(err)
		}
	}
}
