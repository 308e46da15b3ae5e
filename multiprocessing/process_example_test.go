package multiprocessing_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"syscall"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/multiprocessing"
)

var Greet = conex.Register("example/greet", greet)

func greet(_ context.Context, name string) (struct{}, error) {
	fmt.Println("hello", name)
	return struct{}{}, nil
}

// Python's first example of a Process.
func ExampleGo() {
	ctx := context.Background()
	p, err := multiprocessing.Go(ctx, Greet.Bind("bob"))
	if err != nil {
		fmt.Println(err)
		return
	}
	p.Join(ctx)
	// Output: hello bob
}

var Introduce = conex.Register("example/introduce", introduce)

// introduce is Python's example with the ids of all processes; here it checks
// them against what the main process says, since they are never the same twice.
func introduce(_ context.Context, i Introduction) (struct{}, error) {
	parent := multiprocessing.ParentProcess()
	fmt.Println("function f")
	fmt.Println("program:", i.Program == os.Args[0])
	fmt.Println("parent process:", parent.Name(), parent.PID() == i.PID && parent.PID() == os.Getppid())
	fmt.Println("process id is another:", os.Getpid() != i.PID)
	fmt.Println("hello", i.Name)
	return struct{}{}, nil
}

type Introduction struct {
	Name    string
	Program string
	PID     int
}

// Python's extended example: who is who.
func ExampleParentProcess() {
	fmt.Println("main line")
	fmt.Println("parent process:", multiprocessing.ParentProcess())
	p := multiprocessing.New(Introduce.Bind(Introduction{"bob", os.Args[0], os.Getpid()}))
	if err := p.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	p.Join(context.Background())
	// Output:
	// main line
	// parent process: <nil>
	// function f
	// program: true
	// parent process: MainProcess true
	// process id is another: true
	// hello bob
}

var PutHello = conex.Register("example/putHello", putHello)

func putHello(ctx context.Context, q *multiprocessing.Queue[string]) (struct{}, error) {
	return struct{}{}, q.Put(ctx, "hello")
}

// The start method is chosen once, for the whole program.
func ExampleSetStartMethod() {
	defer multiprocessing.ForceStartMethod(multiprocessing.DefaultStartMethod)
	multiprocessing.ForceStartMethod(multiprocessing.DefaultStartMethod) // other examples have started processes
	if err := multiprocessing.SetStartMethod(multiprocessing.Spawn); err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	q, err := multiprocessing.NewQueue[string](0)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer q.Close()
	p := multiprocessing.New(PutHello.Bind(q))
	if err := p.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(q.Get(ctx))
	p.Join(ctx)
	fmt.Println(errors.Is(multiprocessing.SetStartMethod(multiprocessing.ForkServer), multiprocessing.ErrStartMethod))
	// Output:
	// hello <nil>
	// true
}

// A library lets its users choose, by a context.
func ExampleGetContext() {
	ctx, err := multiprocessing.GetContext(multiprocessing.ForkServer)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer multiprocessing.StopForkServer()
	q, err := multiprocessing.NewQueue[string](0)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer q.Close()
	p := multiprocessing.New(PutHello.Bind(q), multiprocessing.WithContext(ctx), multiprocessing.WithName("Worker"))
	if err := p.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(q.Get(context.Background()))
	p.Join(context.Background())
	_, err = multiprocessing.GetContext(multiprocessing.Fork)
	fmt.Println(errors.Is(err, errors.ErrUnsupported))
	// Output:
	// hello <nil>
	// true
}

var Sleep = conex.Register("example/sleep", sleep)

func sleep(context.Context, struct{}) (struct{}, error) { select {} }

// The life of a process.
func ExampleProcess() {
	ctx := context.Background()
	p := multiprocessing.New(Sleep.Bind(struct{}{}))
	state := func() string { return strings.Fields(p.String())[len(strings.Fields(p.String()))-1] }
	fmt.Println(state(), p.Alive())
	if err := p.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(state(), p.Alive())
	p.Terminate()
	p.Join(ctx)
	fmt.Println(p.Alive(), state())
	code, ended := p.ExitCode()
	fmt.Println(ended, code == -int(syscall.SIGTERM))
	// Output:
	// initial> false
	// started> true
	// false exitcode=-SIGTERM>
	// true true
}

// In Python a function that was defined at the prompt is found missing by the
// child, and the pool hangs. Here the start of the process fails.
func ExampleProcess_Start_unknownFunction() {
	define := conex.Register[struct{}, struct{}] // at run time, where no child does the same
	f := define("example/lambda", func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil })
	_, err := multiprocessing.Go(context.Background(), f.Bind(struct{}{}), multiprocessing.WithName("P"))
	fmt.Println(err)
	// Output: multiprocessing: starting P: the child does not know the function "example/lambda": call conex.Register while the program initialises, under no condition
}

var Hello = conex.Register("example/hello", hello)

func hello(context.Context, struct{}) (struct{}, error) {
	fmt.Println("hello world!")
	return struct{}{}, nil
}

// What freeze_support is for in Python, conex.Main and conex.Init do: they are
// the first line of every program that starts processes, frozen or not.
func Example_freezeSupport() {
	multiprocessing.FreezeSupport() // or conex.Init; or all of main is conex.Main(run)
	run := func(ctx context.Context) error {
		p, err := multiprocessing.Go(ctx, Hello.Bind(struct{}{}))
		if err != nil {
			return err
		}
		return p.Join(ctx)
	}
	if err := run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: hello world!
}

var Quit = conex.Register("example/quit", func(context.Context, struct{}) (struct{}, error) {
	return struct{}{}, &multiprocessing.ExitError{Code: 3} // sys.exit(3)
})

func ExampleExitError() {
	ctx := context.Background()
	p, err := multiprocessing.Go(ctx, Quit.Bind(struct{}{}))
	if err != nil {
		fmt.Println(err)
		return
	}
	p.Join(ctx)
	code, _ := p.ExitCode()
	fmt.Println(code, p.Err())
	// Output: 3 multiprocessing: process ended with exit code 3
}

// Python's session with the logger; package managers has the rest of it.
func ExampleLogToStderr() {
	stderr := os.Stderr
	os.Stderr = os.Stdout // for the example's sake
	defer func() { os.Stderr = stderr; multiprocessing.SetLogHandler(nil) }()

	logger := multiprocessing.LogToStderr(slog.LevelInfo)
	logger.Warn("doomed")
	// Output: [WARNING/MainProcess] doomed
}

var Count = conex.Register("example/count", func(ctx context.Context, a Counting) (struct{}, error) {
	return struct{}{}, a.Lock.With(ctx, func(context.Context) error {
		fmt.Println("hello", "world", a.I)
		return nil
	})
})

type Counting struct {
	Lock *multiprocessing.Lock
	I    int
}

// What a process needs it is given: the lock is passed as an argument, not taken
// from a variable, and both sides mean the same.
func Example_explicitlyPassed() {
	ctx := context.Background()
	lock, err := multiprocessing.NewLock()
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range 10 {
		p, err := multiprocessing.Go(ctx, Count.Bind(Counting{lock, i}))
		if err != nil {
			fmt.Println(err)
			return
		}
		defer p.Join(ctx)
	}
	// Unordered output:
	// hello world 0
	// hello world 1
	// hello world 2
	// hello world 3
	// hello world 4
	// hello world 5
	// hello world 6
	// hello world 7
	// hello world 8
	// hello world 9
}
