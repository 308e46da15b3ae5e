package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures/python"
	"github.com/conexgo/conex/internal/cpython"
	"github.com/conexgo/conex/internal/leak"
)

func TestMain(m *testing.M) {
	conex.Init()
	os.Exit(m.Run())
}

// All parts print what they should, with each Python. Whatever Python counts and
// draws is compared with Go's by the program itself.
func TestShow(t *testing.T) {
	for _, interpreter := range cpython.NeedAny(t, 8) {
		t.Run(interpreter, func(t *testing.T) {
			leak.Check(t)
			png := filepath.Join(t.TempDir(), "image.png")
			var out strings.Builder
			stack := regexp.MustCompile(`trouble\.py", line \d+ in wait_for\n`)
			for try := 0; ; try++ {
				out.Reset()
				if err := show(t.Context(), &out, options{interpreter: interpreter, workers: 2, dir: "../../futures", png: png}); err != nil {
					t.Fatalf("%v after\n%s", err, &out)
				}
				if stack.MatchString(out.String()) {
					break
				}
				if try == 4 { // the worker has a tenth of a second to say it, which a busy machine may not give it
					t.Errorf("five hangs, and no stack")
					break
				}
			}
			for _, pattern := range []string{
				`(?m)^python    3\.\d+\.\S+, 2 workers, `,
				`(?m)^text      \d+ files, \d+ lines, `,
				`(?m)^ +Python \S+, \d+ files/s; Go \S+, \d+ files/s; the same result$`,
				`(?m)^image     600 × 400 in 20 bands: (plain Python|numpy) .*; the same pixels$`,
				`(?m)^          .*#####`,
				`(?m)^stream    2 3 5 7 11 13 17 19 23 29 31 37 41 43 47$`,
				`(?m)^exit      futures: worker \d+ exited with code 3 while it ran "trouble:leave"`,
				`(?m)^crash     futures: worker \d+ died of signal 11 .* while it ran "trouble:crash"`,
				`(?m)^hang      futures: worker \d+ killed .*deadline exceeded.* while it ran "trouble:hang" .*time limit reached`,
				`(?m)^exception python: builtins\.ValueError: no figures of November \(trouble\.py:\d+ in report\)$`,
				`(?s)ZeroDivisionError: .*The above exception was the direct cause.*ValueError: no figures of November`,
				`(?m)^pool      1000 good calls meanwhile, sum of squares 332833500; \d+ workers replaced, still working$`,
			} {
				if !regexp.MustCompile(pattern).MatchString(out.String()) {
					t.Errorf("nothing matches %s", pattern)
				}
			}
			if info, err := os.Stat(png); err != nil || info.Size() == 0 {
				t.Errorf("the image: %v", err)
			}
			if t.Failed() {
				t.Logf("\n%s", &out)
			}
		})
	}
}

// Who has no Python reads one line that says so.
func TestNoPython(t *testing.T) {
	leak.Check(t)
	var out strings.Builder
	err := show(t.Context(), &out, options{interpreter: filepath.Join(t.TempDir(), "python3"), dir: "."})
	if !errors.Is(err, python.ErrInterpreter) || strings.Contains(err.Error(), "\n") || out.Len() > 0 {
		t.Errorf("%v, %q", err, &out)
	}
}

func TestGoStats(t *testing.T) {
	path := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(path, []byte("to be or\n\nnot to_be, \xff 7\xc3\xa4x"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := goStats(context.Background(), path)
	want := Stats{1, 2, 6, 17, map[string]int{"to": 2, "be": 2, "or": 1, "not": 1}}
	if err != nil || !got.equal(want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	sum := Stats{Freq: map[string]int{}}
	sum.add(got)
	sum.add(got)
	if top := sum.top(3); strings.Join(top, ", ") != "be 4, to 4, not 2" || sum.Files != 2 || sum.Words != 12 {
		t.Errorf("twice: %+v, %v", sum, top)
	}
	other := sum
	if other.Longest++; sum.equal(other) {
		t.Error("another longest line, and equal")
	}
}
