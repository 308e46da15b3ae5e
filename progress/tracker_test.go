package progress

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func check(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// at lets the time of a bubble pass up to just after a moment, so that all that
// was due at that moment has happened.
func at(d time.Duration) {
	time.Sleep(d + time.Millisecond)
	synctest.Wait()
}

func TestBar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScreen(t, 80)
		tr := New(Config{Label: "work", Total: 40, Output: s, Mode: Bar, Width: 80})
		check(t, "before the first draw", s.last(), "")
		at(100 * time.Millisecond)
		check(t, "first draw", s.last(), "work  [.................]    0%  0/40")
		for range 10 {
			time.Sleep(time.Second)
			tr.Add(1)
		}
		tr.Fail(2)
		tr.Note("last one")
		at(100 * time.Millisecond)
		check(t, "later", s.last(), "work  [=====>...........]   30%  12/40  2 failed  1.29/s  22s left  last one")
		tr.Note("")
		tr.SetTotal(0)
		at(100 * time.Millisecond)
		check(t, "total unknown", s.last(), "work  12  2 failed  1.29/s  10s")
		tr.SetTotal(20)
		tr.Set(20)
		tr.Finish()
		check(t, "bar removed", s.last(), "")
		check(t, "last line", s.above(), "work: 20/20 100%, 2 failed, in 10s, 1.94/s")

		n := s.count()
		tr.Add(1)
		tr.Finish()
		at(time.Minute)
		if s.count() != n {
			t.Error("wrote something after Finish")
		}
		if got := tr.Stats(); got.Done != 21 || got.Elapsed > 11*time.Second {
			t.Errorf("after Finish: %+v", got)
		}
	})
}

// A frame that has not changed is not written again, and none before the first
// refresh: short work shows its last line only.
func TestBarWritesLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScreen(t, 80)
		tr := New(Config{Total: 10, Output: s, Mode: Bar})
		at(time.Minute)
		if n := s.count(); n != 1 {
			t.Errorf("%d writes of the same frame", n)
		}
		tr.Finish()

		s = newScreen(t, 80)
		tr = New(Config{Output: s, Mode: Bar})
		tr.Add(3)
		time.Sleep(50 * time.Millisecond)
		tr.Finish()
		if n := s.count(); n != 1 {
			t.Errorf("%d writes for short work", n)
		}
		check(t, "short work", s.above(), "3, in 50ms, 60.0/s")
	})
}

// A shorter frame leaves nothing of a longer one behind, be it ASCII or not.
func TestBarErases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		tr := New(Config{Output: &out, Mode: Bar, Width: 40, Refresh: time.Second})
		show := func(note string) string {
			out.Reset()
			tr.Note(note)
			at(999 * time.Millisecond)
			return out.String()
		}
		show("a long note")
		check(t, "ASCII", show(""), "\r0  2.0s             ")
		check(t, "wide", show("漢字"), "\r       \r0  3.0s  漢字")
		check(t, "ASCII again", show(""), "\r0  4.0s      ")
		tr.Finish()
	})
}

// A terminal that has become narrower is not filled with more blanks than it has
// columns: they would wrap.
func TestBarErasesNarrower(t *testing.T) {
	for unit, want := range map[Unit]string{
		"":  "\r0  0ms     ",
		"漢": "\r           \r0 漢  0ms",
	} {
		var out bytes.Buffer
		tr := &Tracker{
			cfg:   Config{Unit: unit, Output: &out, Mode: Bar, Width: 12},
			drawn: strings.Repeat("x", 79),
		}
		tr.tick()
		check(t, "narrower", out.String(), want)
	}
}

func TestWriteAboveBar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScreen(t, 60)
		tr := New(Config{Label: "w", Total: 4, Output: s, Mode: Bar, Width: 60})
		fmt.Fprintln(tr, "before any bar")
		at(100 * time.Millisecond)
		const bar = "w  [............]    0%  0/4"
		check(t, "bar", s.last(), bar)
		fmt.Fprint(tr, "one\ntwo\nthr")
		check(t, "above", s.above(), "before any bar\none\ntwo")
		check(t, "bar stands again", s.last(), bar)
		n := s.count()
		fmt.Fprint(tr, "ee")
		if s.count() != n {
			t.Error("wrote an unfinished line")
		}
		fmt.Fprint(tr, "\nheld")
		tr.Add(4)
		tr.Finish()
		fmt.Fprint(tr, "straight\n")
		check(t, "in the end", s.above(), "before any bar\none\ntwo\nthree\nheld\n"+
			"w: 4/4 100%, in 101ms, 39.6/s\nstraight")
	})
}

// A line without an end does not grow for ever.
func TestWriteEndless(t *testing.T) {
	for _, mode := range []Mode{Bar, Lines} {
		var out bytes.Buffer
		tr := New(Config{Output: &out, Mode: mode, Every: time.Hour, Refresh: time.Hour})
		line := strings.Repeat("x", 1000)
		for range 1000 {
			io.WriteString(tr, line)
		}
		io.WriteString(tr, "\n"+strings.Repeat("y", 2*maxHeld))
		tr.Finish()
		text := out.String()
		if n := strings.Count(text, "x"); n != 1_000_000 {
			t.Errorf("%v: %d bytes arrived", mode, n)
		}
		if n := strings.Count(text, "y"); n != 2*maxHeld {
			t.Errorf("%v: %d bytes of the last arrived", mode, n)
		}
		for l := range strings.Lines(text) {
			if len(l) > 2*maxHeld+1 {
				t.Errorf("%v: a line of %d", mode, len(l))
			}
		}
	}
}

func TestLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		tr := New(Config{Label: "work", Total: 100, Output: &out})
		time.Sleep(time.Second / 2) // never at the moment of a line
		for range 17 {
			tr.Add(1)
			time.Sleep(time.Second)
		}
		synctest.Wait()
		check(t, "every five seconds", out.String(), ""+
			"work: 5/100 5%, 1.00/s, 1m35s left\n"+
			"work: 10/100 10%, 1.00/s, 1m30s left\n"+
			"work: 15/100 15%, 1.00/s, 1m25s left\n")
		out.Reset()
		tr.Finish()
		check(t, "last line", out.String(), "work: 17/100 17%, in 17s, 0.97/s\n")
	})
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		tr := New(Config{Output: &out, Mode: Lines, Every: time.Minute})
		tr.Note("still\nthere")
		at(2 * time.Minute)
		check(t, "every minute", out.String(), "0, 1m00s: still there\n0, 2m00s: still there\n")
		tr.Finish()
	})
}

func TestSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		tr := New(Config{Label: "x", Total: 3, Output: &out, Mode: Silent})
		tr.Add(1)
		tr.Fail(1)
		tr.Note("note")
		at(time.Hour)
		tr.Finish()
		check(t, "silent", out.String(), "")
		if got := tr.Stats(); got.Done != 2 || got.Failed != 1 || got.Elapsed < time.Hour {
			t.Errorf("stats %+v", got)
		}
		fmt.Fprint(tr, "the program's own")
		check(t, "through", out.String(), "the program's own")
	})
}

func TestNilAndZero(t *testing.T) {
	for name, tr := range map[string]*Tracker{"nil": nil, "zero": new(Tracker)} {
		tr.Add(1)
		tr.Fail(1)
		tr.Set(5)
		tr.SetTotal(9)
		tr.Note("x")
		tr.Finish()
		tr.Finish()
		got, want := tr.Stats(), Stats{}
		if name == "zero" {
			want = Stats{Done: 5, Failed: 1, Total: 9}
		}
		if got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

// Whatever is in a Config, it works.
func TestAnyConfig(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, mode := range []Mode{-1, Auto, Bar, Lines, Silent, 99} {
			var out bytes.Buffer
			tr := New(Config{
				Label: "a\x1b\nb", Unit: "\r", Total: -5, Output: &out,
				Mode: mode, Every: -1, Refresh: -1, Width: -1,
			})
			tr.Add(math.MinInt64)
			at(time.Minute)
			tr.Add(math.MaxInt64)
			tr.SetTotal(-1)
			at(time.Minute)
			tr.Finish()
			if text := out.String(); strings.ContainsRune(text, '\x1b') || strings.Contains(text, "-") {
				t.Errorf("%v: %q", mode, text)
			}
			if (mode != Silent) != (out.Len() > 0) {
				t.Errorf("%v wrote %d bytes", mode, out.Len())
			}
		}
	})
}

// An output that fails is left alone, and the counting goes on.
func TestOutputFails(t *testing.T) {
	for _, mode := range []Mode{Bar, Lines} {
		for takes := range 3 {
			synctest.Test(t, func(t *testing.T) {
				out := &failing{takes: takes}
				tr := New(Config{Output: out, Mode: mode, Refresh: time.Second, Every: time.Second})
				for range 100 {
					tr.Add(1)
					at(time.Second)
				}
				tr.Finish()
				if tr.Stats().Done != 100 {
					t.Errorf("%v: %+v", mode, tr.Stats())
				}
				if out.writes != takes+1 {
					t.Errorf("%v: %d writes to an output that takes %d", mode, out.writes, takes)
				}
				if _, err := tr.Write([]byte("x\n")); err != errFull {
					t.Errorf("%v: Write: %v", mode, err)
				}
			})
		}
	}
	tr := New(Config{Output: &failing{}, Mode: Bar})
	defer tr.Finish()
	if n, err := tr.Write([]byte("x\n")); n != 0 || err != errFull {
		t.Errorf("Write: %d, %v", n, err)
	}
}

// An output that blocks holds up Finish, but nothing that counts.
func TestOutputBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		tr := New(Config{Output: w, Mode: Lines, Every: time.Second})
		at(time.Second) // now the drawing goroutine is stuck in its Write
		for range 1000 {
			tr.Add(1)
			tr.Note("n")
		}
		if got := tr.Stats().Done; got != 1000 {
			t.Errorf("counted %d", got)
		}
		done := make(chan struct{})
		go func() { tr.Finish(); close(done) }()
		synctest.Wait()
		select {
		case <-done:
			t.Error("Finish did not wait for the last line")
		default:
		}
		go func() { <-done; w.Close() }()
		text, _ := io.ReadAll(r)
		check(t, "output", string(text), "0, 1.0s\n1000, in 1.0s, 999/s\n")
	})
}

func TestConcurrent(t *testing.T) {
	const goroutines, each = 8, 500
	var out bytes.Buffer
	tr := New(Config{Output: &out, Mode: Bar, Refresh: 50 * time.Microsecond, Total: goroutines * each})
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range each {
				if i%10 == 0 {
					tr.Fail(1)
					tr.Note(fmt.Sprint(g, i))
					tr.SetTotal(goroutines * each)
					fmt.Fprintln(tr, "line")
				} else {
					tr.Add(1)
				}
				if s := tr.Stats(); s.Failed > s.Done {
					t.Errorf("%d failed of %d", s.Failed, s.Done)
				}
			}
		})
	}
	wg.Wait()
	for range 4 { // all wait for the same end
		wg.Go(tr.Finish)
	}
	wg.Wait()
	text := out.String()
	if n := strings.Count(text, "4000/4000 100%, 400 failed, in "); n != 1 || !strings.HasSuffix(text, "\n") {
		t.Errorf("%d last lines: %q", n, text[max(0, len(text)-100):])
	}
	if n := strings.Count(text, "line\n"); n != 400 {
		t.Errorf("%d lines went through", n)
	}
}
