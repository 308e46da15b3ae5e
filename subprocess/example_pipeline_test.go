//go:build unix

package subprocess_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/conexgo/conex/subprocess"
)

// What a program writes is what the next one reads.
func ExamplePipeline() {
	ctx := context.Background()

	output, err := subprocess.Pipeline(
		subprocess.Command("printf", `hda: disk\nsda: disk\n`),
		subprocess.Command("grep", "hda"),
	).Output(ctx)
	fmt.Printf("%s%v\n", output, err)
	// Output:
	// hda: disk
	// <nil>
}

// Each stage has its own status, and that of the pipeline says whether all is
// well: here "yes" was killed by the pipe, for nobody read from it any more.
func ExampleStages_Run() {
	ctx := context.Background()

	head := subprocess.Cmd{Args: []string{"head", "-n1"}, Capture: true}
	done, err := subprocess.Pipeline(subprocess.Command("yes"), head).Run(ctx)
	fmt.Printf("%s%d %d, %d %v\n", done.Stdout(), done.Stages[0].Code, done.Stages[1].Code, done.Code(), err)
	// Output:
	// y
	// -13 0, 0 <nil>
}

// The same by hand. As in Python, our own end of the pipe must be closed when the
// second program has it, so that the first one notices if that ends.
func ExamplePipeline_byHand() {
	ctx := context.Background()

	p1, err := subprocess.Start(ctx, subprocess.Cmd{Args: []string{"printf", `hda: disk\nsda: disk\n`}, Stdout: subprocess.Pipe})
	if err != nil {
		fmt.Println(err)
		return
	}
	p2, err := subprocess.Start(ctx, subprocess.Cmd{Args: []string{"grep", "hda"}, Stdin: p1.Stdout, Stdout: subprocess.Pipe})
	p1.Stdout.Close()
	if err != nil {
		fmt.Println(err)
		return
	}
	output, _, err := p2.Communicate(ctx, nil)
	code, _ := p1.Wait(ctx)
	fmt.Printf("%s%v, %d\n", output, err, code)
	// Output:
	// hda: disk
	// <nil>, 0
}

// For a command that does not come from elsewhere a shell will do.
func ExamplePipeline_shell() {
	ctx := context.Background()

	output, err := subprocess.CheckOutput(ctx, subprocess.Shell(`printf 'hda: disk\nsda: disk\n' | grep hda`))
	fmt.Printf("%s%v\n", output, err)
	// Output:
	// hda: disk
	// <nil>
}

// Lines of an endless pipeline, as many as one likes: who leaves the loop ends
// all stages.
func ExampleStages_Lines() {
	ctx := context.Background()

	n := 0
	for line, err := range subprocess.Pipeline(subprocess.Command("yes", "again"), subprocess.Command("nl")).Lines(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(strings.Fields(line.String()))
		if n++; n == 2 {
			break
		}
	}
	// Output:
	// [1 again]
	// [2 again]
}

// A pipeline that runs is talked to at its two ends.
func ExampleStages_Start() {
	ctx := context.Background()

	p, err := subprocess.Pipeline(
		subprocess.Cmd{Args: []string{"sort"}, Stdin: subprocess.Pipe},
		subprocess.Cmd{Args: []string{"head", "-n1"}, Stdout: subprocess.Pipe},
	).Start(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	first, err := p.Communicate(ctx, []byte("pear\napple\nplum\n"))
	code, _ := p.Poll()
	fmt.Printf("%s%d %v\n", first, code, err)
	// Output:
	// apple
	// 0 <nil>
}
