package progress

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"maps"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func numbers(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// Each way to leave a loop ends the bar with a last line, once, and leaves no
// goroutine behind: the bubble would not end.
func TestSeqLeave(t *testing.T) {
	for _, tt := range []struct {
		name string
		body func(i int) (leave bool)
		want string
	}{
		{"end", func(int) bool { return false }, "s: 5/5 100%, in 5.0s, 1.00/s"},
		{"break", func(i int) bool { return i == 2 }, "s: 3/5 60%, in 3.0s, 1.00/s"},
		{"panic", func(i int) bool {
			if i == 3 {
				panic("body")
			}
			return false
		}, "s: 3/5 60%, in 4.0s, 0.75/s"},
		{"goexit", func(i int) bool {
			if i == 3 {
				runtime.Goexit()
			}
			return false
		}, "s: 3/5 60%, in 4.0s, 0.75/s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScreen(t, 80)
				done := make(chan any)
				go func() {
					defer func() { done <- recover() }()
					for i := range Seq(numbers(5), Config{Label: "s", Total: 5, Output: s, Mode: Bar}) {
						time.Sleep(time.Second)
						if tt.body(i) {
							break
						}
					}
				}()
				caught := <-done
				if (caught != nil) != (tt.name == "panic") {
					t.Errorf("recovered %v", caught)
				}
				check(t, "last line", s.above(), tt.want)
				check(t, "bar", s.last(), "")
			})
		})
	}
}

// A panic of the iterator itself passes through as well.
func TestSeqPanics(t *testing.T) {
	var out bytes.Buffer
	defer func() {
		if recover() != "seq" {
			t.Error("the panic got lost")
		}
		if !bytes.HasPrefix(out.Bytes(), []byte("1, in ")) {
			t.Errorf("last line: %q", out.String())
		}
	}()
	seq := func(yield func(int) bool) {
		yield(1)
		panic("seq")
	}
	for range Seq(seq, Config{Output: &out}) {
	}
}

// Each range has a tracker of its own.
func TestSeqTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		seq := Seq(numbers(3), Config{Output: &out})
		check(t, "before", out.String(), "")
		for range 2 {
			if got := slices.Collect(seq); !slices.Equal(got, []int{0, 1, 2}) {
				t.Errorf("got %v", got)
			}
		}
		check(t, "twice", out.String(), "3, in 0ms\n3, in 0ms\n")
	})
}

type myError struct{}

func (*myError) Error() string { return "mine" }

func TestSeq2Failures(t *testing.T) {
	results := func(yield func(int, error) bool) {
		_ = yield(1, nil) && yield(2, io.EOF) && yield(3, nil) && yield(4, &myError{})
	}
	values := maps.All(map[string]int{"a": 0, "b": 1})
	typed := maps.All(map[int]*myError{1: nil, 2: {}})

	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		var errs []error
		for _, err := range Seq2(results, Config{Output: &out}) {
			errs = append(errs, err)
		}
		if len(errs) != 4 || !errors.Is(errs[1], io.EOF) {
			t.Errorf("errors %v", errs)
		}
		for range Seq2(results, Config{Output: &out}) {
			break
		}
		for range Seq2(values, Config{Output: &out}) {
		}
		for range Seq2(typed, Config{Output: &out}) {
		}
		check(t, "lines", out.String(), "4, 2 failed, in 0ms\n1, in 0ms\n2, in 0ms\n2, in 0ms\n")
	})
}

func TestSeqAllocatesNothingPerItem(t *testing.T) {
	cfg := Config{Mode: Silent, Output: io.Discard}
	run := func(n int) float64 {
		return testing.AllocsPerRun(10, func() {
			for range Seq(numbers(n), cfg) {
			}
			for range Seq2(slices.All(make([]int, n)), cfg) {
			}
		})
	}
	if few, many := run(1), run(100_000); many > few+2 {
		t.Errorf("%v allocations for 1 item, %v for 100000", few, many)
	}
}

func BenchmarkAdd(b *testing.B) {
	t := New(Config{Output: io.Discard, Mode: Bar})
	defer t.Finish()
	for b.Loop() {
		t.Add(1)
	}
}

func BenchmarkAddParallel(b *testing.B) {
	t := New(Config{Output: io.Discard, Mode: Bar})
	defer t.Finish()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			t.Add(1)
		}
	})
}

func BenchmarkSeq2(b *testing.B) {
	results := func(b *testing.B) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := 0; b.Loop() && yield(i, nil); i++ {
			}
		}
	}
	b.Run("bare", func(b *testing.B) {
		for range results(b) {
		}
	})
	b.Run("progress", func(b *testing.B) {
		b.ReportAllocs()
		for range Seq2(results(b), Config{Output: io.Discard, Mode: Bar}) {
		}
	})
}
