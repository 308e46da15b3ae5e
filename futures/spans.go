package futures

import "slices"

// A span is the items from..to-1.
type span struct{ from, to int }

// A spans is a set of items that lie mostly together: sorted spans of which
// none touches another.
type spans []span

// find returns the place of the first span that ends behind i.
func (s spans) find(i int) int {
	at, _ := slices.BinarySearchFunc(s, i, func(x span, i int) int {
		if x.to <= i {
			return -1
		}
		return 1
	})
	return at
}

func (s spans) has(i int) bool {
	at := s.find(i)
	return at < len(s) && s[at].from <= i
}

// after returns the first item from i on that is not in s.
func (s spans) after(i int) int {
	if at := s.find(i); at < len(s) && s[at].from <= i {
		return s[at].to
	}
	return i
}

// before returns the first item from i on that is in s, or limit if that comes
// first.
func (s spans) before(i, limit int) int {
	if at := s.find(i); at < len(s) {
		return min(max(s[at].from, i), limit)
	}
	return limit
}

// add puts x into s, which has nothing of it.
func (s *spans) add(x span) {
	at := s.find(x.from)
	left := at > 0 && (*s)[at-1].to == x.from
	right := at < len(*s) && (*s)[at].from == x.to
	switch {
	case left && right:
		(*s)[at-1].to = (*s)[at].to
		*s = slices.Delete(*s, at, at+1)
	case left:
		(*s)[at-1].to = x.to
	case right:
		(*s)[at].from = x.from
	default:
		*s = slices.Insert(*s, at, x)
	}
}
