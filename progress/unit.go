package progress

import (
	"math"
	"strconv"
	"time"
)

// Unit is the name of what is counted, in the plural, such as "files". The empty
// Unit counts without a name.
type Unit string

// Bytes is the unit that is shown in powers of 1024: 1.5KiB, 12.3MiB/s.
const Bytes Unit = "B"

// count formats "done" or "done/total" with the unit.
func (u Unit) count(done, total int64) string {
	s := u.number(done)
	if total > 0 {
		s += "/" + u.number(total)
	}
	if u != "" && u != Bytes {
		s += " " + string(u)
	}
	return s
}

// number formats one count. Counts of items are exact, sizes are rounded.
func (u Unit) number(n int64) string {
	if u != Bytes {
		return strconv.FormatInt(n, 10)
	}
	return size(float64(n))
}

// size formats a number of bytes to about three digits.
func size(n float64) string {
	const prefixes = "KMGTPE"
	if n < 1024 {
		return strconv.FormatFloat(n, 'f', 0, 64) + "B"
	}
	i := -1
	// 1023.95 would be rounded to 1024.0, which the next prefix writes as 1.0.
	for n >= 1023.95 && i < len(prefixes)-1 {
		n /= 1024
		i++
	}
	return strconv.FormatFloat(n, 'f', 1, 64) + prefixes[max(i, 0):max(i, 0)+1] + "iB"
}

// rate formats a rate given per second. One that is too slow to be read per
// second is given per minute or per hour.
func (u Unit) rate(perSecond float64) string {
	n, per := perSecond, "/s"
	if n < 0.1 {
		n, per = perSecond*60, "/min"
	}
	if n < 0.1 {
		n, per = perSecond*3600, "/h"
	}
	if u == Bytes {
		return size(n) + per
	}
	if u != "" {
		per = " " + string(u) + per
	}
	return digits(n) + per
}

// digits formats a number to about three digits, in millions or
// billions when it is large.
func digits(n float64) string {
	switch {
	case n > 0 && n < 0.005, n >= 999.995e9:
		return strconv.FormatFloat(n, 'g', 3, 64)
	case n < 9.995:
		return strconv.FormatFloat(n, 'f', 2, 64)
	case n < 99.95:
		return strconv.FormatFloat(n, 'f', 1, 64)
	case n < 999_999.5:
		return strconv.FormatFloat(n, 'f', 0, 64)
	case n < 999.995e6:
		return strconv.FormatFloat(n/1e6, 'f', 2, 64) + "M"
	}
	return strconv.FormatFloat(n/1e9, 'f', 2, 64) + "G"
}

// elapsed formats a time that has passed: 12ms, 3.4s, 42s, 1m20s, 3h07m, 2d03h.
func elapsed(d time.Duration) string {
	switch {
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	case d < 10*time.Second:
		// Cut, not rounded: ten seconds are written without a fraction.
		return strconv.FormatFloat(math.Floor(d.Seconds()*10)/10, 'f', 1, 64) + "s"
	}
	return whole(int64(d / time.Second))
}

// whole formats a number of whole seconds with its two greatest units.
func whole(s int64) string {
	two := func(big int64, bigUnit string, small int64, smallUnit string) string {
		pad := ""
		if small < 10 {
			pad = "0"
		}
		return strconv.FormatInt(big, 10) + bigUnit + pad + strconv.FormatInt(small, 10) + smallUnit
	}
	switch {
	case s < 60:
		return strconv.FormatInt(s, 10) + "s"
	case s < 3600:
		return two(s/60, "m", s%60, "s")
	case s < 86400:
		return two(s/3600, "h", s/60%60, "m")
	}
	return two(s/86400, "d", s/3600%24, "h")
}
