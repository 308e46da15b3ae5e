package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"strings"
	"testing"
	"testing/iotest"
)

// slowCount says what is right, by other means than count.
func slowCount(data []byte) FileCount {
	words := bytes.FieldsFunc(data, func(r rune) bool { return strings.ContainsRune(" \t\n\v\f\r", r) })
	want := FileCount{Freq: map[string]int64{}}
	want.Counts = Counts{Files: 1, Bytes: int64(len(data)), Words: int64(len(words))}
	want.Counts.Lines = int64(len(strings.Split(string(data), "\n")) - 1)
	for _, w := range words {
		want.Freq[string(w)]++
	}
	return want
}

func same(a, b FileCount) bool {
	return a.Path == b.Path && a.Counts == b.Counts && maps.Equal(a.Freq, b.Freq)
}

var texts = map[string]string{
	"empty":              "",
	"one word":           "word",
	"one blank":          " ",
	"no final newline":   "a b\nc",
	"final newline":      "a b\nc\n",
	"all blanks":         " \t\n\v\f\r\r\f\v\n\t ",
	"each blank divides": "a b\tc\nd\ve\ff\rg",
	"NUL":                "a\x00b \x00 \x00\n",
	"invalid UTF-8":      "\xff\xfe a\xc3 \xe2\x82 a\xc3\n",
	"other spaces":       "a\u0085b\u00a0c\u2003d \u0085",
	"neighbours":         "a\x08b\x0eb\x1fc\x21d",
	"repeated":           strings.Repeat("to be or not to be\n", 500),
	"long words":         strings.Repeat("x", 5000) + " " + strings.Repeat("x", 5000) + "\n" + strings.Repeat("y", 4097),
}

// Every text through buffers of every small size, so that each word crosses a
// border at each place, and through readers of all manners.
func TestCount(t *testing.T) {
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			want := slowCount([]byte(text))
			for _, size := range []int{1, 2, 3, 4, 5, 7, 8, 64, 1 << 16} {
				for how, r := range map[string]io.Reader{
					"plain":        strings.NewReader(text),
					"one byte":     iotest.OneByteReader(strings.NewReader(text)),
					"half":         iotest.HalfReader(strings.NewReader(text)),
					"data and EOF": iotest.DataErrReader(strings.NewReader(text)),
				} {
					got, err := count(t.Context(), r, make([]byte, size))
					if err != nil || !same(got, want) {
						t.Errorf("buffer %d, %s: %v, %v, want %v", size, how, got.Counts, err, want.Counts)
					}
				}
			}
		})
	}
}

func write(t *testing.T, path string, data []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// Random files around the sizes where the buffer's size and number change.
func TestCountFile(t *testing.T) {
	dir := t.TempDir()
	rnd := rand.New(rand.NewPCG(1, 2))
	const alphabet = " \t\n\v\f\r\x00\xffabcdefgh"
	for _, size := range []int{
		0, 1, minBuffer - 1, minBuffer, minBuffer + 1,
		maxBuffer - 1, maxBuffer, maxBuffer + 1, 3*maxBuffer + 17,
	} {
		data := make([]byte, size)
		for i := range data {
			data[i] = alphabet[rnd.IntN(len(alphabet))]
		}
		path := write(t, filepath.Join(dir, "random"), data)
		got, err := countFile(t.Context(), path)
		want := slowCount(data)
		want.Path = path
		if err != nil || !same(got, want) {
			t.Errorf("%d bytes: %v, %v, want %v", size, got.Counts, err, want.Counts)
		}
	}
	// One word of several buffers.
	giant := bytes.Repeat([]byte("0123456789"), maxBuffer/3)
	path := write(t, filepath.Join(dir, "giant"), giant)
	got, err := countFile(t.Context(), path)
	if err != nil || got.Counts != (Counts{1, int64(len(giant)), 0, 1}) || got.Freq[string(giant)] != 1 {
		t.Errorf("giant word: %v, %v", got.Counts, err)
	}
}

func TestCountFileErrors(t *testing.T) {
	dir := t.TempDir()
	check := func(name, path string, is error) {
		t.Helper()
		got, err := countFile(t.Context(), path)
		if err == nil || is != nil && !errors.Is(err, is) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want %v that names the path", name, err, is)
		}
		if !same(got, FileCount{}) {
			t.Errorf("%s: a result beside the error: %v", name, got)
		}
	}
	check("missing", filepath.Join(dir, "missing"), fs.ErrNotExist)
	check("directory", dir, nil)
	check("device", os.DevNull, nil)
	if runtime.GOOS == "linux" {
		// A regular file that opens, but whose first byte cannot be read.
		check("read error", "/proc/self/mem", nil)
	}
	if runtime.GOOS != "windows" && os.Geteuid() != 0 { // root may read everything
		path := write(t, filepath.Join(dir, "locked"), []byte("x"))
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
		check("unreadable", path, fs.ErrPermission)
	}
	r := iotest.TimeoutReader(strings.NewReader("one two three"))
	if got, err := count(t.Context(), r, make([]byte, 4)); err != iotest.ErrTimeout || !same(got, FileCount{}) {
		t.Errorf("reader that fails: %v, %v", got, err)
	}
}

// endless is a file without end; it calls back when it was read a number of times.
type endless struct {
	reads  int
	cancel func()
}

func (e *endless) Read(p []byte) (int, error) {
	if e.reads--; e.reads == 0 {
		e.cancel()
	}
	return copy(p, "word "), nil
}

func TestCountCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := count(ctx, &endless{10, cancel}, make([]byte, 8)); err != context.Canceled {
		t.Errorf("in the middle: %v", err)
	}
	path := write(t, filepath.Join(t.TempDir(), "file"), []byte("a b"))
	if got, err := countFile(ctx, path); err != context.Canceled || !same(got, FileCount{}) {
		t.Errorf("at the start: %v, %v", got, err)
	}
}

func TestMerge(t *testing.T) {
	var sum Summary
	var all []byte
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		text := texts[name] + "\n" // so that words of two texts do not join
		file, err := count(t.Context(), strings.NewReader(text), make([]byte, 100))
		if err != nil {
			t.Fatal(err)
		}
		before := maps.Clone(file.Freq)
		merge(&sum, file)
		merge(&sum, FileCount{})
		if !maps.Equal(file.Freq, before) {
			t.Errorf("merge changed the file's words")
		}
		all = append(all, text...)
	}
	want := slowCount(all)
	want.Counts.Files = int64(len(texts))
	if sum.Counts != want.Counts || !maps.Equal(sum.Freq, want.Freq) {
		t.Errorf("%v, want %v", sum.Counts, want.Counts)
	}
}

func TestTop(t *testing.T) {
	freq := map[string]int64{"b": 2, "a": 2, "": 2, "\xff": 2, "c": 3, "d": 1}
	want := []WordCount{{"c", 3}, {"", 2}, {"a", 2}, {"b", 2}, {"\xff", 2}, {"d", 1}}
	for n := -1; n <= 8; n++ {
		if got := top(freq, n); !slices.Equal(got, want[:max(0, min(n, len(want)))]) {
			t.Errorf("top %d: %v", n, got)
		}
	}
	if got := top(nil, 5); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}

	// Many more words than fit at a time, with many ties, against a plain sort.
	rnd := rand.New(rand.NewPCG(3, 4))
	freq = map[string]int64{}
	var all []WordCount
	for i := range 5000 {
		w := WordCount{fmt.Sprint("w", i), rnd.Int64N(40)}
		freq[w.Word] = w.Count
		all = append(all, w)
	}
	sort.Slice(all, func(i, j int) bool {
		if all[i].Count != all[j].Count {
			return all[i].Count > all[j].Count
		}
		return all[i].Word < all[j].Word
	})
	for _, n := range []int{1, 10, 100, 4999, 5000, 1 << 30} {
		if got := top(freq, n); !slices.Equal(got, all[:min(n, len(all))]) {
			t.Errorf("top %d of many differs", n)
		}
	}
}

func TestRegularFiles(t *testing.T) {
	root := filepath.Join(t.TempDir(), "root")
	var want []string
	for _, name := range []string{"a/1", "a/b/2", "c", "d d/\u00e9"} {
		want = append(want, write(t, filepath.Join(root, filepath.FromSlash(name)), nil))
	}
	if err := os.Mkdir(filepath.Join(root, "empty"), 0o777); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if runtime.GOOS != "windows" { // where links take a privilege
		for from, to := range map[string]string{
			filepath.Join(root, "file link"): want[2], filepath.Join(root, "loop"): root,
			filepath.Join(root, "dangling"): "nowhere", link: root,
		} {
			if err := os.Symlink(to, from); err != nil {
				t.Fatal(err)
			}
		}
	}
	walk := func(root string) (paths []string) {
		for path, err := range regularFiles(root) {
			if err != nil {
				t.Error(err)
			}
			paths = append(paths, path)
		}
		return paths
	}
	if got := walk(root); !slices.Equal(got, want) {
		t.Errorf("below a folder: %q, want %q", got, want)
	}
	if got := walk(want[0]); !slices.Equal(got, want[:1]) {
		t.Errorf("below a file: %q", got)
	}
	if runtime.GOOS != "windows" {
		if got := walk(link); len(got) != len(want) {
			t.Errorf("below a link: %q", got)
		}
		for path, err := range regularFiles(filepath.Join(root, "dangling")) {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("dangling root: %s, %v", path, err)
			}
		}
	}
	missing := 0
	for path, err := range regularFiles(filepath.Join(root, "missing")) {
		missing++
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("missing root: %s, %v", path, err)
		}
	}
	if missing != 1 {
		t.Errorf("missing root yielded %d times", missing)
	}
	for path := range regularFiles(root) {
		if path != want[0] {
			t.Errorf("went on to %s after break", path)
		}
		break
	}
}

func FuzzCount(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text), 3)
	}
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		got, err := count(t.Context(), bytes.NewReader(data), make([]byte, 1+uint(size)%4096))
		if want := slowCount(data); err != nil || !same(got, want) {
			t.Errorf("%v, %v, want %v", got, err, want)
		}
	})
}

func BenchmarkCount(b *testing.B) {
	rnd := rand.New(rand.NewPCG(5, 6))
	var text bytes.Buffer
	for text.Len() < 8<<20 {
		// Few words are frequent and many are rare, as in a language.
		fmt.Fprintf(&text, "word%d", int(1/(rnd.Float64()+1e-5)))
		text.WriteByte(" \n"[rnd.IntN(8)/7])
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	buf := make([]byte, maxBuffer)
	for b.Loop() {
		if _, err := count(b.Context(), bytes.NewReader(text.Bytes()), buf); err != nil {
			b.Fatal(err)
		}
	}
}
