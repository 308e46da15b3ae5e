package process_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
)

// replaced is a program whose file is overwritten while it runs.
func replaced() {
	ctx := context.Background()
	p, err := process.NewPool(process.Config{Workers: 1, Spares: -1, MaxTasks: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()
	fmt.Println(futures.Submit(ctx, p, inc, 1).Result(ctx))
	exe, err := os.Executable()
	if err != nil {
		fmt.Println(err)
		return
	}
	os.Remove(exe)
	os.WriteFile(exe, []byte("#!/bin/sh\necho this is another program\n"), 0o755)
	for i := range 3 { // each on a new worker
		fmt.Println(futures.Submit(ctx, p, inc, 10+i).Result(ctx))
	}
}

func init() { roles["replaced"] = replaced }

func TestBinaryReplaced(t *testing.T) {
	self, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(exe, self, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "CONEX_TEST_ROLE=replaced")
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "2 <nil>\n11 <nil>\n12 <nil>\n13 <nil>\n" {
		t.Errorf("%q, %v", out, err)
	}
}
