package pickle

import (
	"fmt"
	"strings"
)

// library writes the values of Python's library that have a type in Go.
func (p *printer) library(v any) {
	switch v := v.(type) {
	case Date:
		p.format("datetime.date(%d, %d, %d)", v.Year, v.Month, v.Day)
	case DateTime:
		p.format("datetime.datetime(%d, %d, %d, %d, %d", v.Year, v.Month, v.Day, v.Hour, v.Minute)
		p.subMinute(v.Second, v.Microsecond)
		if v.Fold != 0 {
			p.text(", fold=1")
		}
		p.tzinfo(v.TZ)
		p.text(")")
	case TimeOfDay:
		p.format("datetime.time(%d, %d", v.Hour, v.Minute)
		p.subMinute(v.Second, v.Microsecond)
		p.tzinfo(v.TZ)
		if v.Fold != 0 {
			p.text(", fold=1")
		}
		p.text(")")
	case TimeDelta:
		p.timedelta(v)
	case TimeZone:
		if v.Name == nil && v.Offset.normal() == (TimeDelta{}) {
			p.text("datetime.timezone.utc")
		} else if v.Name == nil {
			p.call("datetime.timezone", v.Offset)
		} else {
			p.call("datetime.timezone", v.Offset, v.Name)
		}
	case Decimal:
		p.text("Decimal('" + string(v) + "')")
	case UUID:
		p.text("UUID('" + v.String() + "')")
	case interface{ PythonRepr() string }: // a type of another package that knows
		p.text(v.PythonRepr())
	default:
		p.format("<Go %T>", v)
	}
}

// subMinute writes seconds and microseconds unless they are 0 to the end.
func (p *printer) subMinute(s, us int) {
	if s != 0 || us != 0 {
		p.format(", %d", s)
	}
	if us != 0 {
		p.format(", %d", us)
	}
}

// tzinfo writes the zone of a time that has one.
func (p *printer) tzinfo(tz any) {
	if tz != nil {
		p.text(", tzinfo=")
		p.repr(tz)
	}
}

// timedelta writes the parts that are not 0.
func (p *printer) timedelta(d TimeDelta) {
	d = d.normal()
	var parts []string
	add := func(name string, n int) {
		if n != 0 {
			parts = append(parts, fmt.Sprintf("%s=%d", name, n))
		}
	}
	add("days", d.Days)
	add("seconds", d.Seconds)
	add("microseconds", d.Microseconds)
	if parts == nil {
		parts = []string{"0"}
	}
	p.text("datetime.timedelta(" + strings.Join(parts, ", ") + ")")
}

// str is Python's str of an exception.
func (e *Exception) str() string {
	switch n := len(e.Args); {
	case n == 0:
		return ""
	case n == 1:
		if e.Class.Name == "KeyError" {
			return Repr(e.Args[0])
		}
		return Str(e.Args[0])
	case n >= 2 && n <= 5 && isOSError(e.Class):
		s := "[Errno " + Str(e.Args[0]) + "] " + Str(e.Args[1])
		if n > 2 && e.Args[2] != nil {
			s += ": " + Repr(e.Args[2])
		}
		if n > 4 && e.Args[4] != nil {
			s += " -> " + Repr(e.Args[4])
		}
		return s
	}
	return Repr(e.Args)
}

// shown returns the args that Python shows: an OSError with the names of files
// has them in attributes, and only pickles them with the args.
func (e *Exception) shown() Tuple {
	if n := len(e.Args); n > 2 && n <= 5 && e.Args[2] != nil && isOSError(e.Class) {
		return e.Args[:2]
	}
	return e.Args
}

// isOSError reports whether a class of Python's own is OSError or below it.
func isOSError(g Global) bool {
	if g.Module != "builtins" && g.Module != "exceptions" {
		return false
	}
	switch g.Name {
	case "OSError", "IOError", "EnvironmentError", "BlockingIOError", "ChildProcessError",
		"ConnectionError", "BrokenPipeError", "ConnectionAbortedError", "ConnectionRefusedError",
		"ConnectionResetError", "FileExistsError", "FileNotFoundError", "InterruptedError",
		"IsADirectoryError", "NotADirectoryError", "PermissionError", "ProcessLookupError", "TimeoutError":
		return true
	}
	return false
}

// lastName returns the name of a class without what it is nested in.
func lastName(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }
