package pickle

import (
	"fmt"
	"math/big"
	"unicode/utf8"
	"unsafe"
)

// Repr returns what repr(v) is in Python: 'x', [1, 2.0], {'a': None}, (1,),
// set(), b'\x00', Decimal('1.5'), datetime.date(2024, 2, 29). A container that
// contains itself is written as Python does, [...].
//
// What Python prints by a class's own __repr__ is not known here: an [Object]
// is <module.Class object>, without an address, and a [Global]
// <class 'module.Name'>, even if it is a function. Sets keep the order of a
// [Set]. An int of more than 4300 digits, which Python refuses to print, is
// <int of 20000 bits>. The text ends with "..." after 64 MiB: a small pickle
// can describe a value whose text fills any memory. A type of Go's own is shown
// by its method PythonRepr() string, if it has one.
func Repr(v any) string { return ReprMax(v, 64<<20) }

// ReprMax is Repr in at most n bytes. A longer text is cut off and ends with
// "...". It takes no more time and memory than n asks for, however big v is.
func ReprMax(v any, n int) string {
	p := printer{max: max(n, 0)}
	p.repr(v)
	return p.String()
}

// Str returns what str(v) is in Python: the text of a string, the message of an
// exception, 2024-02-29 12:30:00 for a datetime, and Repr of most others. It is
// bounded as Repr is; a string is returned as it is.
func Str(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case *Exception:
		return v.str()
	case Date, TimeOfDay, DateTime, TimeDelta, TimeZone, Decimal, UUID:
		return v.(fmt.Stringer).String()
	}
	return Repr(v)
}

// A printer builds a text of at most max bytes.
type printer struct {
	buf   []byte
	max   int
	full  bool
	depth int
	path  map[place]struct{} // the containers that are being printed
}

// A place is the identity of a container.
type place struct {
	at unsafe.Pointer
	n  int
}

// String ends the text, with "..." if it was cut off.
func (p *printer) String() string {
	if len(p.buf) <= p.max && !p.full {
		return string(p.buf)
	}
	const dots = "..."
	cut := max(min(p.max, len(p.buf))-len(dots), 0)
	for cut > 0 && !utf8.RuneStart(p.buf[cut]) {
		cut--
	}
	return (string(p.buf[:cut]) + dots)[:min(cut+len(dots), p.max)]
}

// more reports whether there is room; nothing is written without.
func (p *printer) more() bool {
	if len(p.buf) > p.max {
		p.full = true
	}
	return !p.full
}

// text appends no more of s than shows that it was too long.
func (p *printer) text(s string) {
	if p.more() {
		p.buf = append(p.buf, s[:min(len(s), p.max-len(p.buf)+1)]...)
	}
}

// format is text for short things.
func (p *printer) format(format string, args ...any) {
	if p.more() {
		p.buf = fmt.Appendf(p.buf, format, args...)
	}
}

// repr writes a value, and nothing once the text is full: so it takes no longer
// than there is room, whatever the value refers to.
func (p *printer) repr(v any) {
	if !p.more() {
		return
	}
	switch v := plain(v).(type) {
	case nil:
		p.text("None")
	case bool:
		if v {
			p.text("True")
		} else {
			p.text("False")
		}
	case int64:
		p.format("%d", v)
	case *big.Int:
		p.integer(v)
	case float64:
		p.float(v, ".0")
	case complex128:
		p.complex(v)
	case string:
		p.quote(v)
	case []byte:
		p.quoteBytes(v, "")
	case *ByteArray:
		p.text("bytearray(")
		p.quoteBytes(v.Bytes, "'") // as CPython does there
		p.text(")")
	case Slice:
		p.call("slice", v.Start, v.Stop, v.Step)
	case Range:
		p.rng(v)
	case singleton:
		p.text(string(v))
	case Global:
		p.global(v)
	case Tuple, *List, *Dict, *Set, *FrozenSet:
		p.container(v)
	case *Object:
		p.text("<" + clip(v.Name()) + " object>")
	case *Exception:
		p.enter(place{unsafe.Pointer(v), 0}, lastName(v.Class.Name)+"(...)", func() {
			p.call(lastName(v.Class.Name), v.shown()...)
		})
	default:
		p.library(v)
	}
}

// integer writes a big number, as far as Python does.
func (p *printer) integer(v *big.Int) {
	const most = 14_284 // bits in 4300 digits
	if v == nil {
		p.text("<nil *big.Int>")
	} else if v.BitLen() > most {
		p.format("<int of %d bits>", v.BitLen())
	} else {
		p.text(v.String())
	}
}

// global writes a class. Whether it is one or a function, its name does not say.
func (p *printer) global(g Global) {
	name := g.Name
	if g.Module != "builtins" && g.Module != "__builtin__" {
		name = g.Module + "." + name
	}
	p.text("<class '" + name + "'>")
}

// rng leaves out a step of 1.
func (p *printer) rng(r Range) {
	if Equal(r.Step, int64(1)) {
		p.call("range", r.Start, r.Stop)
	} else {
		p.call("range", r.Start, r.Stop, r.Step)
	}
}

// call writes name(args).
func (p *printer) call(name string, args ...any) {
	p.text(name)
	p.list("(", args, ")")
}

// list writes items between brackets.
func (p *printer) list(open string, items []any, end string) {
	p.text(open)
	for i, v := range items {
		if i > 0 {
			p.text(", ")
		}
		p.repr(v)
		if p.full {
			return
		}
	}
	p.text(end)
}

// enter runs f for a container, unless it is inside itself or too deep.
func (p *printer) enter(at place, again string, f func()) {
	if _, inside := p.path[at]; inside || p.depth >= maxDepth {
		p.text(again)
		return
	}
	if p.path == nil {
		p.path = make(map[place]struct{})
	}
	p.path[at] = struct{}{}
	p.depth++
	f()
	p.depth--
	delete(p.path, at)
}

// container writes what can contain itself. An empty tuple cannot, and all empty
// ones are in one place.
func (p *printer) container(v any) {
	switch v := v.(type) {
	case Tuple:
		if len(v) == 0 {
			p.text("()")
			return
		}
		p.enter(place{unsafe.Pointer(unsafe.SliceData(v)), len(v)}, "(...)", func() {
			if len(v) == 1 {
				p.list("(", v, ",)")
			} else {
				p.list("(", v, ")")
			}
		})
	case *List:
		p.enter(place{unsafe.Pointer(v), 0}, "[...]", func() { p.list("[", v.Items, "]") })
	case *Dict:
		p.enter(place{unsafe.Pointer(v), 0}, "{...}", func() { p.dict(v) })
	case *Set:
		p.set("set", "{", &v.d, "}")
	case *FrozenSet:
		p.set("frozenset", "frozenset({", &v.d, "})")
	}
}

// dict writes the pairs in their order.
func (p *printer) dict(d *Dict) {
	sep := "{"
	for k, v := range d.All() {
		p.text(sep)
		p.repr(k)
		p.text(": ")
		p.repr(v)
		if p.full {
			return
		}
		sep = ", "
	}
	if d.Len() == 0 {
		p.text("{")
	}
	p.text("}")
}

// set writes a set or a frozenset; {} is the empty dict.
func (p *printer) set(name, open string, d *Dict, end string) {
	if d.Len() == 0 {
		p.text(name + "()")
		return
	}
	p.enter(place{unsafe.Pointer(d), 0}, name+"(...)", func() {
		p.text(open)
		sep := ""
		for k := range d.Keys() {
			p.text(sep)
			p.repr(k)
			if p.full {
				return
			}
			sep = ", "
		}
		p.text(end)
	})
}
