// Python calls Python functions as if they were Go's: over all files of a
// source tree, over an image in shared memory, as a stream, and with all that
// can go wrong. The functions are in the directory py. Go does the same work
// itself, and the results must be equal.
//
//	go run ./examples/python [flags] [DIR]
//
// DIR, of whose .go files the words are counted, is Go's own source tree unless
// given. What is needed is a python3, 3.8 or later, and nothing else; numpy is
// used if it has it.
package main

import (
	"context"
	"embed"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/python"
)

// source goes with the program. One that is installed with its Python files
// beside it names their directory in Config.Path.
//
//go:embed py/*.py
var source embed.FS

type options struct {
	interpreter string
	workers     int
	dir         string // where the text is
	png         string // where to leave the image
}

func main() { conex.Main(run) }

func run(ctx context.Context) error {
	var o options
	flag.StringVar(&o.interpreter, "python", "", "`interpreter`, instead of python3 from the PATH")
	flag.IntVar(&o.workers, "workers", 0, "`number` of workers; 0 for as many as processors, but two at least")
	flag.StringVar(&o.png, "png", "", "`file` to leave the image in")
	flag.Parse()
	if o.dir = flag.Arg(0); o.dir == "" {
		out, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
		if err != nil {
			return fmt.Errorf("finding Go's source tree (name a directory instead): %w", err)
		}
		o.dir = filepath.Join(strings.TrimSpace(string(out)), "src")
	}
	return show(ctx, os.Stdout, o)
}

// show is the whole program.
func show(ctx context.Context, w io.Writer, o options) error {
	modules, err := os.MkdirTemp("", "python-example-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(modules)
	files, err := fs.Sub(source, "py")
	if err == nil {
		err = os.CopyFS(modules, files)
	}
	if err != nil {
		return err
	}

	start := time.Now()
	pool, err := python.NewPool(python.Config{
		Interpreter: o.interpreter,
		Path:        []string{modules},
		Preload:     []string{"textstats", "mandelbrot", "trouble", "primes"},
		Workers:     o.workers,
		Grace:       200 * time.Millisecond,
		Stderr:      io.Discard, // of those that crash; errors keep the end of it
	})
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := pool.Ready(ctx); err != nil {
		return err // no Python, or one that is too old, or a module with an error in it
	}
	version, err := call(ctx, pool, python.Expr[struct{}, string]("platform.python_version()"), struct{}{})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "python    %s, %d workers, the first one there after %v\n", version, pool.Workers(), ms(start))

	for _, part := range []func(context.Context, io.Writer, *python.Pool, options) error{text, image, stream, trouble} {
		if err := part(ctx, w, pool, o); err != nil {
			return err
		}
	}
	return nil
}

// call waits for one result.
func call[A, R any](ctx context.Context, pool *python.Pool, fn futures.Callable[A, R], arg A) (R, error) {
	return futures.Submit(ctx, pool, fn, arg).Result(ctx)
}

// stream takes what it wants of a generator that never ends. Breaking out of
// the loop closes it.
func stream(ctx context.Context, w io.Writer, pool *python.Pool, _ options) error {
	fmt.Fprint(w, "stream   ")
	for p, err := range python.Stream(ctx, pool, python.Func[struct{}, int]("primes:primes"), struct{}{}) {
		if err != nil {
			return err
		}
		if p > 50 {
			break
		}
		fmt.Fprint(w, " ", p)
	}
	fmt.Fprintln(w)
	return nil
}

// ms is the time since start, for people.
func ms(start time.Time) time.Duration { return time.Since(start).Round(time.Millisecond) }
