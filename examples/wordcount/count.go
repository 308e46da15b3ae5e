package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Counts are the totals of one file or of many.
type Counts struct{ Files, Bytes, Lines, Words int64 }

// FileCount is what countFile found in one file. Path is the path as given.
type FileCount struct {
	Path   string
	Counts Counts
	Freq   map[string]int64 // how often each word occurs
}

// Summary is what merge makes of many files. The zero value has seen none.
type Summary struct {
	Counts Counts
	Freq   map[string]int64
}

// WordCount is one word and how often it occurs.
type WordCount struct {
	Word  string
	Count int64
}

// Files are read in pieces of this size; a smaller file needs less.
const (
	minBuffer = 4 << 10
	maxBuffer = 256 << 10
)

// countFile counts the bytes, lines and words of a regular file. A line is a
// newline byte, as for wc; a word is a maximal run of bytes other than space, \t,
// \n, \v, \f and \r, whatever the bytes are.
//
// The memory it takes is one buffer plus the words it has found, each once; only a
// word that is itself gigantic makes it grow. It looks at ctx before each piece
// that it reads and answers ctx.Err() if it is over. Every other error names the
// path; there is no partial result.
func countFile(ctx context.Context, path string) (FileCount, error) {
	// Looked at before it is opened: opening a named pipe would wait for a writer.
	info, err := os.Stat(path)
	if err != nil {
		return FileCount{}, err
	}
	if !info.Mode().IsRegular() {
		return FileCount{}, &fs.PathError{Op: "count", Path: path, Err: fmt.Errorf("not a regular file (%v)", info.Mode().Type())}
	}
	f, err := os.Open(path)
	if err != nil {
		return FileCount{}, err
	}
	defer f.Close()

	// One byte more than the size, so that the end of the file is found by the
	// second read. The size is a hint only: the file may be growing.
	size := min(max(info.Size(), minBuffer-1), maxBuffer-1) + 1
	result, err := count(ctx, f, make([]byte, size))
	result.Path = path
	if err != nil {
		return FileCount{}, err
	}
	return result, nil
}

// count counts what it reads from r, through buf, which must not be empty.
func count(ctx context.Context, r io.Reader, buf []byte) (FileCount, error) {
	c := counter{index: make(map[string]int)}
	for {
		if err := ctx.Err(); err != nil {
			return FileCount{}, err
		}
		n, err := r.Read(buf)
		c.piece(buf[:n])
		if err == io.EOF {
			return c.result(), nil
		}
		if err != nil {
			return FileCount{}, err
		}
	}
}

// blank tells the bytes that are between words.
var blank = [256]bool{' ': true, '\t': true, '\n': true, '\v': true, '\f': true, '\r': true}

// counter counts one file. Its words are kept as places in a slice, because a map
// can be searched for a []byte without making a string of it, but not updated.
type counter struct {
	counts Counts
	index  map[string]int // word to place in freq
	freq   []int64

	// begun is a word that began in an earlier piece and may go on in the next.
	// It is a Builder, which gives its memory away as a string: a giant word is
	// not copied once more.
	begun strings.Builder
}

// piece counts the next bytes of the file.
func (c *counter) piece(p []byte) {
	c.counts.Bytes += int64(len(p))
	c.counts.Lines += int64(bytes.Count(p, newline)) // vectorized: cheaper than in the loop

	i := 0
	if c.begun.Len() > 0 {
		for i < len(p) && !blank[p[i]] {
			i++
		}
		c.begun.Write(p[:i])
		if i == len(p) {
			return
		}
		c.end()
	}
	for {
		for i < len(p) && blank[p[i]] {
			i++
		}
		start := i
		for i < len(p) && !blank[p[i]] {
			i++
		}
		if i == len(p) {
			c.begun.Write(p[start:])
			return
		}
		word := p[start:i]
		if at, ok := c.index[string(word)]; ok { // does not allocate
			c.freq[at]++
		} else {
			c.add(string(word))
		}
	}
}

var newline = []byte{'\n'}

// end counts the word that was begun.
func (c *counter) end() {
	word := c.begun.String()
	c.begun.Reset()
	if at, ok := c.index[word]; ok {
		c.freq[at]++
	} else {
		c.add(word)
	}
}

// add counts a word for the first time.
func (c *counter) add(word string) {
	c.index[word] = len(c.freq)
	c.freq = append(c.freq, 1)
}

// result ends the counting. The end of the file ends a word, but not a line.
func (c *counter) result() FileCount {
	if c.begun.Len() > 0 {
		c.end()
	}
	c.counts.Files = 1
	freq := make(map[string]int64, len(c.index))
	for word, at := range c.index {
		freq[word] = c.freq[at]
		// Each word occurs in freq once, so their sum need not be kept in the loop.
		c.counts.Words += c.freq[at]
	}
	return FileCount{Counts: c.counts, Freq: freq}
}

// merge adds what was found in a file to a summary. The order of the files makes no
// difference. It does not keep or change the file's map. One goroutine at a time.
func merge(sum *Summary, file FileCount) {
	sum.Counts.Files += file.Counts.Files
	sum.Counts.Bytes += file.Counts.Bytes
	sum.Counts.Lines += file.Counts.Lines
	sum.Counts.Words += file.Counts.Words
	if sum.Freq == nil {
		sum.Freq = make(map[string]int64, len(file.Freq))
	}
	for word, n := range file.Freq {
		sum.Freq[word] += n
	}
}

// top answers the n words that occur most often, the most frequent first; words
// that occur equally often are in the order of their bytes. It answers all words if
// there are fewer, and none if n is not positive.
func top(freq map[string]int64, n int) []WordCount {
	n = min(n, len(freq))
	if n <= 0 {
		return nil
	}
	order := func(a, b WordCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Word, b.Word))
	}
	// A vocabulary has far more words than anybody wants to see. So only a few are
	// sorted at a time, and what cannot be among the first n is passed over.
	best := make([]WordCount, 0, 2*n+64)
	full := false // best[n-1] is the least of n words that are known
	for word, count := range freq {
		w := WordCount{Word: word, Count: count}
		if full && order(best[n-1], w) < 0 {
			continue
		}
		best = append(best, w)
		if len(best) == cap(best) {
			slices.SortFunc(best, order)
			best, full = best[:n], true
		}
	}
	slices.SortFunc(best, order)
	return best[:n]
}

// regularFiles yields the path of every regular file below root, in lexical order,
// or root itself if it is one. It does not follow symbolic links, root excepted,
// and passes over devices, pipes and sockets. What cannot be read is yielded with
// the error, and the walk goes on.
func regularFiles(root string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		start := root
		if info, err := os.Lstat(root); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			if start, err = filepath.EvalSymlinks(root); err != nil {
				yield(root, err)
				return
			}
		}
		// The walk's own error is always nil: the function below returns none but
		// SkipAll, which ends the walk without one.
		_ = filepath.WalkDir(start, func(path string, d fs.DirEntry, err error) error {
			if (err != nil || d.Type().IsRegular()) && !yield(path, err) {
				return fs.SkipAll
			}
			return nil
		})
	}
}
