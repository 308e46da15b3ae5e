package progress_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"slices"
	"strings"
	"time"

	"github.com/conexgo/conex/progress"
)

// counts cuts off what differs from run to run: the time and the rate.
func counts(s string) string {
	before, _, _ := strings.Cut(s, ", in ")
	return before
}

// Wrap what the loop ranges over. Here the last line goes to a buffer; by
// default all goes to standard error, and is a bar if that is a terminal.
func ExampleSeq() {
	var log bytes.Buffer
	words := []string{"one", "two", "three"}
	cfg := progress.Config{Label: "words", Total: int64(len(words)), Output: &log}

	letters := 0
	for w := range progress.Seq(slices.Values(words), cfg) {
		letters += len(w)
	}

	fmt.Println(letters, "letters")
	fmt.Println(counts(log.String()))
	// Output:
	// 11 letters
	// words: 3/3 100%
}

// The results of a map over an executor are pairs of a value and an error. A pair
// with an error counts as failed, and the loop goes on as it likes.
func ExampleSeq2() {
	results := func(yield func(int, error) bool) {
		_ = yield(1, nil) && yield(0, errors.New("odd one out")) && yield(3, nil)
	}
	var log bytes.Buffer
	for v, err := range progress.Seq2(results, progress.Config{Label: "map", Output: &log}) {
		if err == nil {
			fmt.Println("got", v)
		}
	}
	fmt.Println(counts(log.String()))
	// Output:
	// got 1
	// got 3
	// map: 3, 1 failed
}

// A Tracker counts where there is no loop to wrap. It is also a writer that
// keeps other output clear of the bar.
func ExampleTracker() {
	var out bytes.Buffer
	t := progress.New(progress.Config{Label: "files", Total: 3, Output: &out})
	logger := log.New(t, "", 0)

	for _, name := range []string{"a.txt", "b.txt", "c.txt"} {
		t.Note(name)
		if name == "b.txt" {
			logger.Print("cannot read " + name)
			t.Fail(1)
			continue
		}
		t.Add(1)
	}
	t.Finish()

	fmt.Println(counts(out.String()))
	// Output:
	// cannot read b.txt
	// files: 3/3 100%, 1 failed
}

// Code that may be watched takes a *Tracker; nil means that nobody looks.
func ExampleTracker_nil() {
	sum := func(t *progress.Tracker, numbers ...int) (total int) {
		for _, n := range numbers {
			total += n
			t.Add(1)
		}
		return total
	}
	fmt.Println(sum(nil, 1, 2, 3))
	// Output: 6
}

// A loop inside another writes plain lines above the outer bar.
func ExampleConfig() {
	var out bytes.Buffer
	outer := progress.New(progress.Config{Label: "folders", Total: 1, Output: &out})
	inner := progress.Config{Label: "  files", Total: 2, Output: outer}
	for range progress.Seq(slices.Values([]string{"x", "y"}), inner) {
	}
	outer.Add(1)
	outer.Finish()

	for line := range strings.Lines(out.String()) {
		fmt.Println(counts(line))
	}
	// Output:
	//   files: 2/2 100%
	// folders: 1/1 100%
}

func ExampleMode() {
	var out bytes.Buffer
	quiet := true
	cfg := progress.Config{Output: &out}
	if quiet {
		cfg.Mode = progress.Silent
	}
	for range progress.Seq(slices.Values([]int{1, 2, 3}), cfg) {
	}
	fmt.Printf("%v wrote %d bytes\n", cfg.Mode, out.Len())
	// Output: Silent wrote 0 bytes
}

// Bytes are counted by whatever moves them.
func ExampleUnit() {
	const text = "some text that is copied and counted"
	var out bytes.Buffer
	t := progress.New(progress.Config{
		Label: "copy", Unit: progress.Bytes, Total: int64(len(text)), Output: &out,
	})
	n, _ := io.Copy(io.Discard, strings.NewReader(text))
	t.Add(n)
	t.Finish()
	fmt.Println(counts(out.String()))
	// Output: copy: 36B/36B 100%
}

// Stats are there for a display of your own.
func ExampleStats() {
	s := progress.Stats{Done: 642, Failed: 3, Total: 1000, Elapsed: 80 * time.Second, Unit: "files"}
	fmt.Println(s)
	fmt.Printf("%d%% at %.1f/s\n", s.Percent(), s.Rate())
	// Output:
	// 642/1000 files 64%, 3 failed, in 1m20s, 8.03 files/s
	// 64% at 8.0/s
}
