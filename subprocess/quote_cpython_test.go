package subprocess_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/conexgo/conex/internal/cpython"
	"github.com/conexgo/conex/subprocess"
)

// What CPython makes of a list of words: each one quoted, each one split (null
// if it cannot be), and each two of them joined for Windows.
const cpythonQuotes = `
import json, shlex, subprocess, sys
def split(s):
    try:
        return shlex.split(s)
    except ValueError:
        return None
words = json.load(sys.stdin)
json.dump({
    "quote": [shlex.quote(w) for w in words],
    "split": [split(w) for w in words],
    "cmdline": [subprocess.list2cmdline(words[i:i + 2]) for i in range(len(words))],
}, sys.stdout)
`

func TestQuotesAsCPython(t *testing.T) {
	pythons := cpython.Need(t)
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 0))
	pieces := strings.Split("a|b| |  |\t|\n|\r|\v|\\|\\\\|\"|'|''|\"\"|\\\"|#|;|&|$|`|*|=|-|/|%|@|é|\u00a0|\u2028|ß|日本|~|!|(|[|{", "|")
	words := []string{"", "vikings -input eggs.txt", "a|b"}
	for range 5000 {
		var b strings.Builder
		for range rnd.IntN(8) {
			b.WriteString(pieces[rnd.IntN(len(pieces))])
		}
		words = append(words, b.String())
	}
	in, err := json.Marshal(words)
	if err != nil {
		t.Fatal(err)
	}
	for _, python := range pythons {
		t.Run(cpython.Name(python), func(t *testing.T) {
			cmd := exec.Command(python, "-c", cpythonQuotes)
			cmd.Stdin = bytes.NewReader(in)
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			var want struct {
				Quote   []string
				Split   []*[]string
				Cmdline []string
			}
			if err := json.Unmarshal(out, &want); err != nil {
				t.Fatal(err)
			}
			failed := 0
			for i, word := range words {
				if got := subprocess.Quote(word); got != want.Quote[i] {
					t.Errorf("Quote(%q) = %s, CPython: %s", word, got, want.Quote[i])
				}
				got, err := subprocess.Split(word)
				switch w := want.Split[i]; {
				case w == nil && !errors.Is(err, subprocess.ErrInvalidArgument):
					t.Errorf("Split(%q) = %q, %v, CPython has an error", word, got, err)
				case w != nil && (err != nil || !slices.Equal(got, *w)):
					t.Errorf("Split(%q) = %q, %v, CPython: %q", word, got, err, *w)
				case w == nil:
					failed++
				}
				two := words[i:min(i+2, len(words))]
				if got := subprocess.List2Cmdline(two); got != want.Cmdline[i] {
					t.Errorf("List2Cmdline(%q) = %s, CPython: %s", two, got, want.Cmdline[i])
				}
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
			if failed == 0 || failed == len(words) {
				t.Errorf("%d of %d words cannot be split: the test tests half of it only", failed, len(words))
			}
		})
	}
}
