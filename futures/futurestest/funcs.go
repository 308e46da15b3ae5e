package futurestest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/conexgo/conex"
)

// errTask is what failing calls return: registered, so that it keeps its
// identity on the way from another process.
var errTask = errors.New("futurestest: the call failed as it was told to")

func init() { conex.RegisterError("futurestest.errTask", errTask) }

// A value holds what arguments are made of.
type value struct {
	B    bool
	I    int
	U    uint8
	F    float64
	S    string
	Data []byte
	Nums []int32
	Strs []string
	M    map[string]int
	P    *value
	When time.Time
	D    time.Duration
	Arr  [3]int16
	Any  any
}

// Functions that the tests call, wherever they run.
var (
	inc = conex.Register("futurestest.inc", func(_ context.Context, x int) (int, error) { return x + 1, nil })

	echo = conex.Register("futurestest.echo", func(_ context.Context, v value) (value, error) { return v, nil })

	invert = conex.Register("futurestest.invert", func(_ context.Context, b []byte) ([]byte, error) {
		out := make([]byte, len(b))
		for i, c := range b {
			out[i] = c ^ 0xff
		}
		return out, nil
	})

	greet = conex.Register("futurestest.greet", func(_ context.Context, name string) (string, error) {
		return "hello, " + name, nil
	})

	// failOdd fails for odd numbers.
	failOdd = conex.Register("futurestest.failOdd", func(_ context.Context, x int) (int, error) {
		if x%2 != 0 {
			return 0, fmt.Errorf("%d: %w", x, errTask)
		}
		return x / 2, nil
	})

	panics = conex.Register("futurestest.panics", panicFor)

	goexit = conex.Register("futurestest.goexit", func(_ context.Context, x int) (int, error) {
		if x < 0 {
			runtime.Goexit()
		}
		return x, nil
	})

	// atGate passes the gate at the address, and says how its wait ended.
	atGate = conex.Register("futurestest.gate", func(ctx context.Context, a gateArg) (int, error) {
		return a.N, pass(ctx, a.Addr, a.N)
	})

	// untilDone returns when its context ends, with its error.
	untilDone = conex.Register("futurestest.untilDone", func(ctx context.Context, _ int) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	})

	// hasDeadline tells how far away the deadline is.
	hasDeadline = conex.Register("futurestest.deadline", func(ctx context.Context, _ int) (time.Duration, error) {
		at, ok := ctx.Deadline()
		if !ok {
			return -1, nil
		}
		return time.Until(at), nil
	})

	// change writes to what its argument refers to.
	change = conex.Register("futurestest.change", func(_ context.Context, s []int) (int, error) {
		for i := range s {
			s[i] = -1
		}
		return len(s), nil
	})

	// spin works for that many microseconds.
	spin = conex.Register("futurestest.spin", func(_ context.Context, us int) (int, error) {
		for start := time.Now(); time.Since(start) < time.Duration(us)*time.Microsecond; {
		}
		return us, nil
	})

	// unsendable returns what no codec takes.
	unsendable = conex.Register("futurestest.unsendable", func(_ context.Context, x int) (any, error) {
		if x == 0 {
			return 0, nil
		}
		return make(chan int), nil
	})

	// takesAny is given what no codec takes.
	takesAny = conex.Register("futurestest.takesAny", func(_ context.Context, x any) (int, error) {
		n, _ := x.(int)
		return n, nil
	})
)

func panicFor(_ context.Context, x int) (int, error) {
	if x < 0 {
		panic(fmt.Sprintf("negative: %d", x))
	}
	return x, nil
}
