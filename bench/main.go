package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// options are the command line's.
type options struct {
	only   *regexp.Regexp
	quick  bool
	json   bool
	python string
}

// errHelp says that help was asked for, and given.
var errHelp = errors.New("help")

// run is the whole program: it drives, or, as `bench measure …`, is one of the measured.
func run(ctx context.Context) error {
	if len(os.Args) > 1 && os.Args[1] == "measure" {
		// What is being measured does not look at ctx. Its workers end with this process.
		context.AfterFunc(ctx, func() { os.Exit(1) })
		return parties().Run(os.Args[2:], os.Stdout)
	}
	o, err := parseOptions(os.Args[1:], os.Stdout)
	if errors.Is(err, errHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	return drive(ctx, o, os.Stdout, os.Stderr)
}

func parseOptions(args []string, out io.Writer) (options, error) {
	var o options
	var only string
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&only, "only", "", "")
	fs.BoolVar(&o.quick, "quick", false, "")
	fs.BoolVar(&o.json, "json", false, "")
	fs.StringVar(&o.python, "python", "", "")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, help())
		return o, errHelp
	} else if err != nil {
		return o, fmt.Errorf("%w (see -h)", err)
	}
	if fs.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q (see -h)", fs.Arg(0))
	}
	var err error
	if o.only, err = regexp.Compile(only); err != nil {
		return o, fmt.Errorf("-only: %w", err)
	}
	return o, nil
}

// drive measures the chosen cases and prints each as soon as it is done. Its error says that something could not be
// measured; a case below its goal is a result like others.
func drive(ctx context.Context, o options, out, progress io.Writer) error {
	var chosen []benchCase
	for _, c := range allCases() {
		if o.only.MatchString(c.name) {
			chosen = append(chosen, c)
		}
	}
	if len(chosen) == 0 {
		return fmt.Errorf("-only %v: no case has such a name", o.only)
	}
	dir, err := os.MkdirTemp("", "conex-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	d, err := newDriver(ctx, dir, o, func(format string, args ...any) {
		fmt.Fprintf(progress, "# "+format+"\n", args...)
	})
	if err != nil {
		return err
	}
	var failed []string
	count := map[verdict]int{}
	for _, c := range chosen {
		outcome := d.run(ctx, c)
		if err := ctx.Err(); err != nil {
			return err
		}
		if outcome.failed {
			failed = append(failed, c.name)
		}
		r := outcome.row()
		count[r.verdict]++
		show := r.printText
		if o.json {
			show = r.printJSON
		}
		if err := show(out); err != nil {
			return err
		}
	}
	fmt.Fprintf(progress, "# %d ok, %d below, %d not taken\n", count[reached], count[below], count[untaken])
	if len(failed) > 0 {
		return fmt.Errorf("measurements failed in %s", strings.Join(failed, ", "))
	}
	return nil
}

//go:embed doc.go
var docSource string

// help is the command's documentation: the comment of doc.go.
func help() string {
	var b strings.Builder
	for line := range strings.Lines(docSource) {
		text, ok := strings.CutPrefix(line, "//")
		if !ok {
			break // the package clause
		}
		b.WriteString(strings.TrimPrefix(text, " "))
	}
	return b.String()
}
