package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/python"
)

// Stats are those of one file, or of many. Python's dict has the same names.
type Stats struct {
	Files, Lines, Words int
	Longest             int // bytes of the longest line
	Freq                map[string]int
}

// pyStats is the function in py/textstats.py.
const pyStats = python.Func[string, Stats]("textstats:stats")

// text has Python and Go count the same files.
func text(ctx context.Context, w io.Writer, pool *python.Pool, o options) error {
	files, err := goFiles(o.dir)
	if err != nil {
		return err
	}
	inPython, pyTime, err := count(ctx, pool, pyStats, files)
	if err != nil {
		return err
	}
	threads, err := futures.NewThreadPool(futures.ThreadConfig{Workers: runtime.GOMAXPROCS(0)})
	if err != nil {
		return err
	}
	defer threads.Close()
	inGo, goTime, err := count(ctx, threads, futures.Local(goStats), files)
	if err != nil {
		return err
	}
	if !inPython.equal(inGo) {
		return fmt.Errorf("counted by Python and by Go, it is not the same: %d and %d lines, %d and %d words, …", inPython.Lines, inGo.Lines, inPython.Words, inGo.Words)
	}
	fmt.Fprintf(w, "text      %d files, %d lines, %d words, %d of them different, longest line %d\n",
		inPython.Files, inPython.Lines, inPython.Words, len(inPython.Freq), inPython.Longest)
	fmt.Fprintf(w, "          %s\n", strings.Join(inPython.top(10), ", "))
	rate := func(d time.Duration) float64 { return float64(len(files)) / d.Seconds() }
	fmt.Fprintf(w, "          Python %v, %.0f files/s; Go %v, %.0f files/s; the same result\n",
		pyTime.Round(time.Millisecond), rate(pyTime), goTime.Round(time.Millisecond), rate(goTime))
	return nil
}

// count applies fn to all files. It does not know who runs it.
func count(ctx context.Context, ex futures.Executor, fn futures.Callable[string, Stats], files []string) (Stats, time.Duration, error) {
	start := time.Now()
	sum := Stats{Freq: map[string]int{}}
	for file, err := range futures.Map(ctx, ex, fn, slices.Values(files)) {
		if err != nil {
			return sum, 0, err
		}
		sum.add(file)
	}
	return sum, time.Since(start), nil
}

// goStats is the same function in Go.
func goStats(_ context.Context, path string) (Stats, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Stats{}, err
	}
	s := Stats{Files: 1, Lines: bytes.Count(text, []byte("\n")), Freq: map[string]int{}}
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		s.Longest = max(s.Longest, len(line))
	}
	start := 0 // of the letters that go on here
	for i := 0; i <= len(text); i++ {
		if i < len(text) && letter[text[i]] {
			continue
		}
		if i-start >= 2 {
			s.Words++
			s.Freq[string(text[start:i])]++
		}
		start = i + 1
	}
	return s, nil
}

var letter = func() (set [256]bool) {
	for c := range set {
		set[c] = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
	}
	return set
}()

func (s *Stats) add(file Stats) {
	s.Files += file.Files
	s.Lines += file.Lines
	s.Words += file.Words
	s.Longest = max(s.Longest, file.Longest)
	for word, n := range file.Freq {
		s.Freq[word] += n
	}
}

func (s Stats) equal(t Stats) bool {
	return s.Files == t.Files && s.Lines == t.Lines && s.Words == t.Words && s.Longest == t.Longest && maps.Equal(s.Freq, t.Freq)
}

// top is the words that occur most often, each with its number.
func (s Stats) top(n int) (list []string) {
	words := slices.SortedFunc(maps.Keys(s.Freq), func(a, b string) int {
		return cmp.Or(s.Freq[b]-s.Freq[a], strings.Compare(a, b))
	})
	for _, word := range words[:min(n, len(words))] {
		list = append(list, fmt.Sprint(word, " ", s.Freq[word]))
	}
	return list
}

// goFiles lists Go's source files below dir.
func goFiles(dir string) (files []string, _ error) {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && filepath.Ext(path) == ".go" {
			files = append(files, path)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no .go files below %s", dir)
	}
	return files, err
}
