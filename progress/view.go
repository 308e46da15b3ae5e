package progress

import (
	"strings"
)

// view is all that one showing of a tracker depends on, so that what is shown is
// a pure function of it. Its texts are clean.
type view struct {
	Stats
	label string
	note  string
	rate  float64 // smoothed, per second; 0 if not known
}

// The bar takes a quarter of the width within these bounds, brackets included.
// Its size depends on nothing else: it must not jump when a number grows.
const (
	minBar = 10
	maxBar = 32
)

// frame answers the line for a terminal, of at most cols columns.
//
// The parts claim their room in the order of their worth; one that does not fit
// is left out. The note takes what is left over.
func (v view) frame(cols int) string {
	cols = max(cols, 0)
	var label, bar, percent, count, failed, rate, time, note string
	room := cols
	claim := func(part *string, text string) {
		// Two columns keep a part from the next one. The first pays none.
		need := columns(text)
		if room < cols {
			need += 2
		}
		if text != "" && need <= room {
			*part = text
			room -= need
		}
	}

	if v.Total > 0 {
		claim(&percent, pad(v.percent(), 4))
	}
	claim(&count, v.Unit.count(v.Done, v.Total))
	if v.Failed > 0 {
		claim(&failed, v.failed())
	}
	claim(&label, short(v.label, cols/3))
	if v.Total > 0 {
		if s, ok := left(v.Total-v.Done, v.rate); ok {
			claim(&time, whole(s)+" left")
		}
		claim(&bar, v.bar(min(max(cols/4, minBar), maxBar)))
	} else {
		claim(&time, elapsed(v.Elapsed))
	}
	if v.rate > 0 {
		claim(&rate, v.Unit.rate(v.rate))
	}
	claim(&note, short(v.note, room-2))

	var line strings.Builder
	for _, part := range []string{label, bar, percent, count, failed, rate, time, note} {
		if part == "" {
			continue
		}
		if line.Len() > 0 {
			line.WriteString("  ")
		}
		line.WriteString(part)
	}
	return line.String()
}

// short cuts a text to a number of columns, or to nothing if what remained of it
// would not tell anybody anything.
func short(s string, limit int) string {
	const least = 8
	if limit < least && columns(s) > limit {
		return ""
	}
	return fit(s, limit)
}

// bar draws the bar itself, n columns wide. It is full when all is done only, and
// has its point as soon as anything is.
func (v view) bar(n int) string {
	inner := n - 2
	full := int(v.scaled(inner))
	line := "[" + strings.Repeat("=", full)
	if rest := inner - full; rest > 0 {
		point := "."
		if v.Done > 0 {
			point = ">"
		}
		line += point + strings.Repeat(".", rest-1)
	}
	return line + "]"
}

// line answers the plain line that is written to a log while work goes on.
func (v view) line() string {
	line := v.prefix() + v.head()
	if v.rate > 0 {
		line += ", " + v.Unit.rate(v.rate)
	}
	if s, ok := left(v.Total-v.Done, v.rate); ok {
		line += ", " + whole(s) + " left"
	} else {
		line += ", " + elapsed(v.Elapsed)
	}
	if v.note != "" {
		line += ": " + v.note
	}
	return line
}

// last answers the line that is written at the end, in either mode.
func (v view) last() string { return v.prefix() + v.String() }

func (v view) prefix() string {
	if v.label == "" {
		return ""
	}
	return v.label + ": "
}

// pad puts blanks before an ASCII text up to n columns.
func pad(s string, n int) string { return strings.Repeat(" ", max(n-len(s), 0)) + s }
