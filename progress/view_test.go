package progress

import (
	"math"
	"strings"
	"testing"
	"time"
)

var working = view{
	Stats: Stats{Done: 642, Failed: 3, Total: 1000, Elapsed: 12 * time.Second},
	label: "resize",
	note:  "holiday-0642.png",
	rate:  51.3,
}

// Every frame is compared in full, at widths that each lose one part more.
func TestFrame(t *testing.T) {
	unknown := working
	unknown.Total, unknown.Failed = 0, 0
	start := view{Stats: Stats{Total: 1000}, label: "resize"}
	bytes := view{Stats: Stats{Done: 300 << 20, Total: 2 << 30, Unit: Bytes}, rate: 12.5 * (1 << 20)}
	beyond := view{Stats: Stats{Done: 12, Total: 10}, rate: 1}
	huge := view{Stats: Stats{Done: math.MaxInt64 - 1, Total: math.MaxInt64}, rate: 1e18}
	slow := view{Stats: Stats{Done: 1, Total: math.MaxInt64}, rate: 1e-9}
	wideLabel := view{Stats: Stats{Done: 5, Total: 10}, label: "画像処理の進み具合"}

	for _, tt := range []struct {
		name string
		view view
		cols int
		want string
	}{
		{"all", working, 100, "resize  [==============>........]   64%  642/1000  3 failed  51.3/s  7s left  holiday-0642.png"},
		{"note cut", working, 90, "resize  [============>.......]   64%  642/1000  3 failed  51.3/s  7s left  holiday-0642..."},
		{"note gone", working, 75, "resize  [==========>.....]   64%  642/1000  3 failed  51.3/s  7s left"},
		{"rate gone", working, 62, "resize  [========>....]   64%  642/1000  3 failed  7s left"},
		{"bar gone", working, 55, "resize   64%  642/1000  3 failed  51.3/s  7s left"},
		{"time gone", working, 33, "resize   64%  642/1000  3 failed"},
		{"label gone", working, 24, " 64%  642/1000  3 failed"},
		{"failed gone", working, 20, " 64%  642/1000"},
		{"count gone", working, 10, " 64%"},
		{"three columns", working, 3, ""},
		{"no columns", working, 0, ""},
		{"less than none", working, -1, ""},
		{"unknown total", unknown, 79, "resize  642  51.3/s  12s  holiday-0642.png"},
		{"unknown total, narrow", unknown, 5, "642"},
		{"start", start, 60, "resize  [.............]    0%  0/1000"},
		{"bytes", bytes, 79, "[==>..............]   14%  300.0MiB/2.0GiB  12.5MiB/s  2m20s left"},
		{"beyond total", beyond, 60, "[=============]  100%  12/10  1.00/s"},
		{"huge", huge, 119, "[==========================>]   99%  9223372036854775806/9223372036854775807  1e+18/s  1s left"},
		{"too slow to say", slow, 119, "[>..........................]    0%  1/9223372036854775807  3.6e-06/h"},
		{"nothing at all", view{}, 40, "0  0ms"},
		{"wide label", wideLabel, 60, "画像処理の進み具合  [======>......]   50%  5/10"},
		{"wide label cut", wideLabel, 40, "画像処理の...  [====>...]   50%  5/10"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.view.frame(tt.cols)
			if got != tt.want {
				t.Errorf("at %d columns:\n got %q\nwant %q", tt.cols, got, tt.want)
			}
		})
	}
}

// No frame is ever wider than it may be, whatever is shown at whatever width, and
// the percentage goes last.
func TestFrameNeverWraps(t *testing.T) {
	counts := []int64{0, 1, 999, 1 << 40, math.MaxInt64}
	labels := []string{"", "x", "a rather long label for a bar", "進捗", "e\u0301\u0301\u0301", "\u2764\ufe0f"}
	for cols := range 140 {
		for _, done := range counts {
			for _, total := range counts {
				for _, label := range labels {
					v := view{
						Stats: Stats{Done: done, Failed: done / 2, Total: total, Elapsed: time.Hour},
						label: label, note: label, rate: float64(done) / 3600,
					}
					frame := v.frame(cols)
					if n := columns(frame); n > cols {
						t.Fatalf("frame of %d columns in %d: %q", n, cols, frame)
					}
					if total > 0 && cols >= 4 && !strings.Contains(frame, v.percent()) {
						t.Fatalf("no percentage in %d columns: %q", cols, frame)
					}
				}
			}
		}
	}
}

func TestLine(t *testing.T) {
	for _, tt := range []struct {
		name       string
		view       view
		line, last string
	}{
		{
			"known total", working,
			"resize: 642/1000 64%, 3 failed, 51.3/s, 7s left: holiday-0642.png",
			"resize: 642/1000 64%, 3 failed, in 12s, 53.5/s",
		},
		{
			"unknown total", view{Stats: Stats{Done: 3, Elapsed: 6 * time.Second, Unit: "files"}},
			"3 files, 6.0s",
			"3 files, in 6.0s, 0.50 files/s",
		},
		{"nothing", view{}, "0, 0ms", "0, in 0ms"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.view.line(); got != tt.line {
				t.Errorf("line: got %q, want %q", got, tt.line)
			}
			if got := tt.view.last(); got != tt.last {
				t.Errorf("last: got %q, want %q", got, tt.last)
			}
		})
	}
}

func TestPercent(t *testing.T) {
	const most = math.MaxInt64
	for _, tt := range []struct {
		done, total int64
		want        int
	}{
		{0, 0, 0}, {5, 0, 0}, {0, 5, 0}, {-1, 5, 0}, {5, -1, 0},
		{1, 3, 33}, {999, 1000, 99}, {1000, 1000, 100}, {12, 10, 100},
		{most - 1, most, 99}, {most, most, 100}, {most / 2, most, 49}, {most, 1, 100}, {1, most, 0},
	} {
		if got := (Stats{Done: tt.done, Total: tt.total}).Percent(); got != tt.want {
			t.Errorf("%d of %d: %d%%, want %d%%", tt.done, tt.total, got, tt.want)
		}
	}
}
