package progress

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestUnit(t *testing.T) {
	for _, tt := range []struct {
		unit Unit
		n    float64
		want string
	}{
		{"", 0.0001, "0.36/h"}, {"", 0.05, "3.00/min"}, {"", 0.1, "0.10/s"}, {"", 9.99, "9.99/s"},
		{"", 9.999, "10.0/s"}, {"", 99.96, "100/s"}, {"", 12345, "12345/s"},
		{"", 999_999.7, "1.00M/s"}, {"", 2.5e9, "2.50G/s"},
		{"files", 12, "12.0 files/s"}, {Bytes, 12, "12B/s"}, {Bytes, 1 << 20, "1.0MiB/s"},
	} {
		if got := tt.unit.rate(tt.n); got != tt.want {
			t.Errorf("rate %g of %q: got %q, want %q", tt.n, tt.unit, got, tt.want)
		}
	}
	for n, want := range map[int64]string{
		0: "0B", 1023: "1023B", 1024: "1.0KiB", 1536: "1.5KiB", 1<<20 - 1: "1.0MiB",
		5 << 30: "5.0GiB", math.MaxInt64: "8.0EiB",
	} {
		if got := Bytes.number(n); got != want {
			t.Errorf("%d bytes: got %q, want %q", n, got, want)
		}
	}
}

func TestElapsed(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0ms", 999 * time.Millisecond: "999ms", time.Second: "1.0s", 9999 * time.Millisecond: "9.9s",
		10 * time.Second: "10s", 59 * time.Second: "59s", time.Minute: "1m00s", 80 * time.Second: "1m20s",
		3*time.Hour + 7*time.Minute: "3h07m", 51 * time.Hour: "2d03h",
	} {
		if got := elapsed(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

func TestClean(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""}, {"plain text~", "plain text~"}, {"two\nlines\tand\u00a0blanks", "two lines and blanks"},
		{"\x1b[31mred\x7f", "?[31mred?"}, {"bad\xff", "bad?"}, {"\u009b2J", "?2J"},
		{"txt\u202egpj.exe", "txtgpj.exe"}, {"漢字 é", "漢字 é"},
		{strings.Repeat("x", 2000), strings.Repeat("x", maxText)},
		{"e" + strings.Repeat("\u0301", 5000), "e" + strings.Repeat("\u0301", maxText-1)},
	} {
		if got := clean(tt.in); got != tt.want {
			t.Errorf("clean(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestFit(t *testing.T) {
	for _, tt := range []struct {
		in      string
		limit   int
		want    string
		columns int
	}{
		{"short", 5, "short", 5}, {"longer", 5, "lo...", 5}, {"longer", 2, "l.", 2}, {"longer", 1, "l", 1},
		{"longer", 0, "", 0}, {"漢字漢字", 7, "漢字...", 7}, {"漢字漢字", 6, "漢...", 5},
		{"e\u0301tude", 5, "e\u0301tude", 5}, {"\u2764\ufe0f", 3, "\u2764\ufe0f", 3},
	} {
		got := fit(tt.in, tt.limit)
		if got != tt.want || columns(got) != tt.columns {
			t.Errorf("fit(%q, %d) = %q of %d columns, want %q of %d", tt.in, tt.limit, got, columns(got), tt.want, tt.columns)
		}
	}
}

func TestMeter(t *testing.T) {
	near := func(name string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > want*0.02 {
			t.Errorf("%s: rate %g, want about %g", name, got, want)
		}
	}
	second := func(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

	var steady meter
	if steady.rate(second(5)) != 0 {
		t.Error("a rate before the first item")
	}
	for i := range 600 {
		steady.look(second(float64(i)/10), int64(i))
	}
	near("steady", steady.rate(second(59.9)), 10)
	near("not overdue yet", steady.rate(second(60)), 10)
	near("ten seconds late", steady.rate(second(70)), 5)
	if r := steady.rate(second(3600)); r > 0.1 {
		t.Errorf("after an hour without an item: rate %g", r)
	}

	faster := steady
	for i := range 600 {
		faster.look(second(60+float64(i)/10), 599+int64(i)*5)
	}
	near("faster", faster.rate(second(120)), 50)

	// Items of a minute each, looked at every 100 ms.
	var slow meter
	for i := range 6000 {
		slow.look(second(float64(i)/10), int64(i/600))
	}
	near("slow", slow.rate(second(600)), 1.0/60)

	// Results that arrive in bursts of a thousand, every three seconds.
	var bursts meter
	for i := range 600 {
		bursts.look(second(float64(i)/10), int64(i/30*1000))
	}
	near("bursts", bursts.rate(second(60)), 1000.0/3)

	back := steady
	back.look(second(60), 5)
	near("set back", back.rate(second(60)), 10)
}

func TestLeft(t *testing.T) {
	for _, tt := range []struct {
		n    int64
		rate float64
		want int64
		ok   bool
	}{
		{0, 1, 0, false}, {-5, 1, 0, false}, {5, 0, 0, false}, {5, 2, 3, true},
		{math.MaxInt64, 1e-9, 0, false}, {math.MaxInt64, math.Inf(1), 0, true},
	} {
		got, ok := left(tt.n, tt.rate)
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("left(%d, %g) = %d, %v, want %d, %v", tt.n, tt.rate, got, ok, tt.want, tt.ok)
		}
	}
}
