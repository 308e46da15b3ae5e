// Wordcount counts the files, bytes, lines and words below a directory, on a
// pool of goroutines or of worker processes:
//
//	go run ./examples/wordcount [flags] [DIR]
//
// DIR is Go's own source tree unless given. A line is a newline byte; a word is
// a maximal run of bytes other than space, \t, \n, \v, \f and \r. With -chaos, a
// random worker process is killed every 100 ms while the program runs; the
// result is the same.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/progress"
)

// CountFile is what the workers run.
var CountFile = conex.Register("wordcount.CountFile", countFile)

func main() { conex.Main(run) }

type options struct {
	engine  string
	workers int
	timeout time.Duration
	chaos   bool
	json    bool
	dir     string
}

func run(ctx context.Context) error {
	var o options
	flag.StringVar(&o.engine, "engine", "process", "`engine` that runs the function: thread or process")
	flag.IntVar(&o.workers, "workers", runtime.GOMAXPROCS(0), "`number` of workers")
	flag.DurationVar(&o.timeout, "timeout", time.Minute, "longest `time` a file may take")
	flag.BoolVar(&o.chaos, "chaos", false, "kill a random worker process every 100 ms")
	flag.BoolVar(&o.json, "json", false, "print one JSON object")
	flag.Parse()
	if flag.NArg() > 1 {
		return fmt.Errorf("one directory, please, not %d", flag.NArg())
	}
	if o.dir = flag.Arg(0); o.dir == "" {
		dir, err := goSource(ctx)
		if err != nil {
			return err
		}
		o.dir = dir
	}
	if st, err := os.Stat(o.dir); err != nil {
		return err
	} else if !st.IsDir() {
		return fmt.Errorf("%s is not a directory", o.dir)
	}
	r, err := countAll(ctx, o)
	if err != nil {
		return err
	}
	if o.json {
		return json.NewEncoder(os.Stdout).Encode(r)
	}
	r.print()
	return nil
}

// goSource finds Go's own source tree.
func goSource(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("finding Go's source tree (name a directory instead): %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "src"), nil
}

// countAll is the whole job.
func countAll(ctx context.Context, o options) (*report, error) {
	start := time.Now()
	pool, err := newPool(o)
	if err != nil {
		return nil, err
	}
	defer pool.Shutdown(context.Background())
	if o.chaos {
		stop, err := startChaos(pool)
		if err != nil {
			return nil, err
		}
		defer stop()
	}

	// The walk feeds the map; its errors are collected on the side.
	var walkErrs []error
	files := func(yield func(string) bool) {
		for path, err := range regularFiles(o.dir) {
			if err != nil {
				walkErrs = append(walkErrs, err)
			} else if !yield(path) {
				return
			}
		}
	}
	var sum Summary
	var errs []error
	counted := futures.Map(ctx, pool, CountFile, files, futures.TaskTimeout(o.timeout))
	for file, err := range progress.Seq2(counted, progress.Config{Label: "counting", Unit: "files"}) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		merge(&sum, file)
	}
	if errs = append(errs, walkErrs...); len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	r := newReport(sum, time.Since(start))
	if p, ok := pool.(*process.Pool); ok {
		r.Restarts = p.Stats().Restarts
	}
	return r, nil
}

// newPool is the only place that knows which engine runs the function.
func newPool(o options) (futures.Executor, error) {
	switch o.engine {
	case "thread":
		return futures.NewThreadPool(futures.ThreadConfig{Workers: o.workers})
	case "process":
		cfg := process.Config{Workers: o.workers}
		if o.chaos {
			cfg.OnDeath = process.Retry(1000)
			cfg.Spares = o.workers
		}
		return process.NewPool(cfg)
	}
	return nil, fmt.Errorf("unknown engine %q: thread or process", o.engine)
}
