// Package conex is concurrent execution for Go: Python's "Concurrent
// Execution" chapter as a Go library. This package holds what all its engines
// share, the function with a name:
//
//	var Square = conex.Register("square", square)
//
//	func square(ctx context.Context, x int) (int, error) { return x * x, nil }
//
//	func main() { conex.Main(run) }
//
//	func run(ctx context.Context) error {
//		pool, err := process.NewPool(process.Config{})
//		if err != nil {
//			return err
//		}
//		defer pool.Close()
//		for y, err := range futures.Map(ctx, pool, Square, slices.Values(numbers)) {
//			…
//		}
//	}
//
// A registered function runs on every engine, by changing one constructor:
// futures.NewThreadPool runs it on goroutines, process.NewPool in worker
// processes that can be killed. See packages futures and futures/process.
//
// # The first line of main
//
// Worker processes are this program, started again: they have the same
// functions under the same names. [Main] is where a worker begins to serve; in
// the program itself it calls run. [Init] is its bare form, for TestMain and
// for programs that keep their own main. Without either, starting a worker
// answers an error that says which line to add.
//
// # What crosses the border of a process
//
// Arguments and results, as copies: see [Register] for which types can. The
// deadline and the cancellation of the context; of its values, what a
// [Propagator] carries. Errors: their text, and their identity as far as
// [RegisterError] and [RegisterType] know them, so that errors.Is and errors.As
// work.
//
// # Python names
//
// [Main] stands for the if __name__ == "__main__" guard and for
// multiprocessing.freeze_support, [Register] for picklability by qualified
// name.
package conex
