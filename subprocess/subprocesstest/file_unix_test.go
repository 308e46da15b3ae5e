//go:build unix

package subprocesstest_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/conexgo/conex/subprocess"
)

// A file is shared, as with a process: its offset, and its end. On Windows Go
// keeps an offset of its own for each of its files.
func TestFile(t *testing.T) {
	cmds, ctx := set(t)
	cmds.Handle("cat", cat)
	name := t.TempDir() + "/file"
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fmt.Fprint(f, "one,")
	if _, err := subprocess.Run(ctx, subprocess.Cmd{Args: []string{"cat"}, Input: []byte("two,"), Stdout: f}); err != nil {
		t.Error(err)
	}
	fmt.Fprint(f, "three")
	if b, _ := os.ReadFile(name); string(b) != "one,two,three" {
		t.Errorf("%q", b)
	}
}
