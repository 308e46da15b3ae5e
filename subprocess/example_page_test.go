package subprocess_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every block of Go in docs/replacing.md is in an example, word for word, and so
// compiles and does what it should.
func TestReplacingPage(t *testing.T) {
	page, err := os.ReadFile("../docs/replacing.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("example_*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var examples strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			examples.WriteString(strings.TrimPrefix(line, "\t")) // of the function
		}
	}
	blocks := strings.Split(string(page), "```go\n")[1:]
	if len(blocks) < 14 {
		t.Errorf("only %d blocks", len(blocks))
	}
	for _, b := range blocks {
		code, _, ended := strings.Cut(b, "```\n")
		if !ended || !strings.Contains(examples.String(), "\n"+code) {
			t.Errorf("in no example:\n%s", code)
		}
	}
}
