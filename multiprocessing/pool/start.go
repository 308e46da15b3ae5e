package pool

import (
	"context"
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"unsafe"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/wire"
	"github.com/conexgo/conex/multiprocessing"
)

// A startArg is what a new worker process is told: its number, and what it
// shall call first. The number is given when the argument is encoded, which is
// once for each worker.
type startArg struct {
	user   conex.Bound // in the parent
	number uint64
	name   string        // of the initialiser; "" is none
	rest   codec.Decoder // its argument
}

// workers counts the worker processes of all pools, as Python does.
var workers atomic.Uint64

// worker says that this process is a worker of a pool.
var worker atomic.Bool

// enrol is the first thing that every worker process of a Pool runs.
var enrol = func() *conex.Func[startArg, struct{}] {
	codec.RegisterHandle(reflect.TypeFor[startArg](),
		func(e *codec.Encoder, v unsafe.Pointer) error { return (*startArg)(v).encode(e) },
		func(d *codec.Decoder, v unsafe.Pointer) error { return (*startArg)(v).decode(d) })
	return conex.Register("conex/multiprocessing/pool.start", func(ctx context.Context, a startArg) (struct{}, error) {
		return struct{}{}, a.run(ctx)
	})
}()

func (a *startArg) encode(e *codec.Encoder) error {
	e.Uvarint(workers.Add(1))
	e.AppendString(a.user.Name())
	if a.user.IsZero() {
		return nil
	}
	if _, err := a.user.Encode(e); err != nil {
		return fmt.Errorf("argument of the initializer %q: %w", a.user.Name(), err)
	}
	return nil
}

// decode reads the head and keeps the rest for the initialiser, whose type only
// run finds out.
func (a *startArg) decode(d *codec.Decoder) (err error) {
	if a.number, err = d.Uvarint(); err != nil {
		return err
	}
	name, err := takePrefixed(d)
	if err != nil {
		return err
	}
	a.name = string(name)
	a.rest = codec.Decoder{Buf: slices.Clone(d.Buf), Handles: d.Handles}
	d.Buf = nil
	return nil
}

func (a *startArg) run(ctx context.Context) error {
	if a.number == 0 { // inline: nothing was encoded
		if a.user.IsZero() {
			return nil
		}
		return initialise(ctx, a.user.Name(), a.user.Call)
	}
	multiprocessing.CurrentProcess().SetName(fmt.Sprintf("SpawnPoolWorker-%d", a.number))
	worker.Store(true)
	if a.name == "" {
		return nil
	}
	e := wire.Lookup(a.name)
	if e == nil {
		return fmt.Errorf("%w: %q is not registered in the worker: call conex.Register while the program initialises", ErrInitializer, a.name)
	}
	return initialise(ctx, a.name, func(ctx context.Context) error {
		err, _ := e.RunOne(ctx, &a.rest, new(codec.Encoder))
		return err
	})
}

// initialise calls an initialiser and gives its failure a name.
func initialise(ctx context.Context, name string, fn func(context.Context) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %s panicked: %v\n%s", ErrInitializer, name, r, debug.Stack())
		}
	}()
	if err := fn(ctx); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrInitializer, name, err)
	}
	return nil
}

// WorkerName returns the name of the worker that runs the call with this
// context: "SpawnPoolWorker-3" for the third worker process that pools of this
// program have started, "ThreadPoolWorker-1-3" for the third goroutine of the
// first ThreadPool, and "" outside of a pool. In a worker process it is the name
// of multiprocessing.CurrentProcess.
func WorkerName(ctx context.Context) string {
	if name := futures.ThreadName(ctx); name != "" {
		if at := strings.LastIndexByte(name, '_'); at >= 0 {
			var n int
			if _, err := fmt.Sscanf(name[at+1:], "%d", &n); err == nil {
				return fmt.Sprintf("%s-%d", name[:at], n+1)
			}
		}
		return name
	}
	if worker.Load() {
		return multiprocessing.CurrentProcess().Name()
	}
	return ""
}
