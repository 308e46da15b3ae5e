package futurestest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
)

// Funcs are the functions that the tests call. A field that is nil stands for
// the function in Go, which engines run that know conex.Func. Engines that run
// something else, such as another language, bring all of them.
type Funcs struct {
	// Inc returns its argument plus 1.
	Inc futures.Callable[int, int]

	// Echo returns its argument.
	Echo futures.Callable[Value, Value]

	// Invert returns as many bytes with all their bits inverted.
	Invert futures.Callable[[]byte, []byte]

	// Greet returns "hello, " and its argument.
	Greet futures.Callable[string, string]

	// FailOdd returns the half of an even number. For an odd one it fails
	// with an error that matches Options.Failure and whose text has the
	// number, a colon and a space.
	FailOdd futures.Callable[int, int]

	// Panic returns its argument, but panics for a negative one; see
	// Options.Panic for what that means elsewhere than in Go. The panic's
	// text is "negative: " and the number.
	Panic futures.Callable[int, int]

	// Exit returns its argument, but for a negative one it ends in the way
	// that is neither a return nor a panic: runtime.Goexit in Go. Its error
	// matches Options.Exit.
	Exit futures.Callable[int, int]

	// Gate passes a gate: see GateArg.
	Gate futures.Callable[GateArg, int]

	// UntilDone waits until its context ends, and fails with its reason.
	UntilDone futures.Callable[int, int]

	// Deadline returns how many nanoseconds away the deadline of its
	// context is, or -1 if it has none.
	Deadline futures.Callable[int, int64]

	// Change sets all elements of its argument to -1 and returns their
	// number.
	Change futures.Callable[[]int, int]

	// Spin computes for that many microseconds and returns its argument.
	Spin futures.Callable[int, int]

	// Unsendable returns the string "sent" for 0, else something that cannot
	// leave the place where it runs; see Options.Unsendable.
	Unsendable futures.Callable[int, any]

	// TakeAny returns its argument, an int.
	TakeAny futures.Callable[any, int]
}

// errTask is what failing calls return: registered, so that it keeps its
// identity on the way from another process.
var errTask = errors.New("futurestest: the call failed as it was told to")

func init() { conex.RegisterError("futurestest.errTask", errTask) }

// A Value has something of all that arguments and results are made of.
type Value struct {
	B    bool
	I    int
	U    uint8
	F    float64
	S    string
	Data []byte
	Nums []int32
	Strs []string
	M    map[string]int
	P    *Value
	When time.Time
	D    time.Duration
	Arr  [3]int16
	Any  any // nil, a string or a float64
}

// inGo are the functions in Go.
var inGo = Funcs{
	Inc: conex.Register("futurestest.inc", func(_ context.Context, x int) (int, error) { return x + 1, nil }),

	Echo: conex.Register("futurestest.echo", func(_ context.Context, v Value) (Value, error) { return v, nil }),

	Invert: conex.Register("futurestest.invert", func(_ context.Context, b []byte) ([]byte, error) {
		out := make([]byte, len(b))
		for i, c := range b {
			out[i] = c ^ 0xff
		}
		return out, nil
	}),

	Greet: conex.Register("futurestest.greet", func(_ context.Context, name string) (string, error) {
		return "hello, " + name, nil
	}),

	FailOdd: conex.Register("futurestest.failOdd", func(_ context.Context, x int) (int, error) {
		if x%2 != 0 {
			return 0, fmt.Errorf("%d: %w", x, errTask)
		}
		return x / 2, nil
	}),

	Panic: conex.Register("futurestest.panics", panicFor),

	Exit: conex.Register("futurestest.goexit", func(_ context.Context, x int) (int, error) {
		if x < 0 {
			runtime.Goexit()
		}
		return x, nil
	}),

	Gate: conex.Register("futurestest.gate", func(ctx context.Context, a GateArg) (int, error) {
		return a.N, pass(ctx, a.Addr, a.N)
	}),

	UntilDone: conex.Register("futurestest.untilDone", func(ctx context.Context, _ int) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	}),

	Deadline: conex.Register("futurestest.deadline", func(ctx context.Context, _ int) (int64, error) {
		at, ok := ctx.Deadline()
		if !ok {
			return -1, nil
		}
		return int64(time.Until(at)), nil
	}),

	Change: conex.Register("futurestest.change", func(_ context.Context, s []int) (int, error) {
		for i := range s {
			s[i] = -1
		}
		return len(s), nil
	}),

	Spin: conex.Register("futurestest.spin", func(_ context.Context, us int) (int, error) {
		for start := time.Now(); time.Since(start) < time.Duration(us)*time.Microsecond; {
		}
		return us, nil
	}),

	Unsendable: conex.Register("futurestest.unsendable", func(_ context.Context, x int) (any, error) {
		if x == 0 {
			return "sent", nil
		}
		return make(chan int), nil
	}),

	TakeAny: conex.Register("futurestest.takesAny", func(_ context.Context, x any) (int, error) {
		n, _ := x.(int)
		return n, nil
	}),
}

func panicFor(_ context.Context, x int) (int, error) {
	if x < 0 {
		panic(fmt.Sprintf("negative: %d", x))
	}
	return x, nil
}

// orGo returns f with the functions in Go where it has none.
func (f Funcs) orGo() Funcs {
	return Funcs{
		Inc:        or(f.Inc, inGo.Inc),
		Echo:       or(f.Echo, inGo.Echo),
		Invert:     or(f.Invert, inGo.Invert),
		Greet:      or(f.Greet, inGo.Greet),
		FailOdd:    or(f.FailOdd, inGo.FailOdd),
		Panic:      or(f.Panic, inGo.Panic),
		Exit:       or(f.Exit, inGo.Exit),
		Gate:       or(f.Gate, inGo.Gate),
		UntilDone:  or(f.UntilDone, inGo.UntilDone),
		Deadline:   or(f.Deadline, inGo.Deadline),
		Change:     or(f.Change, inGo.Change),
		Spin:       or(f.Spin, inGo.Spin),
		Unsendable: or(f.Unsendable, inGo.Unsendable),
		TakeAny:    or(f.TakeAny, inGo.TakeAny),
	}
}

func or[A, R any](f, g futures.Callable[A, R]) futures.Callable[A, R] {
	if f != nil {
		return f
	}
	return g
}
