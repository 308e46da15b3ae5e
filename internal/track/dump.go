package track

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/conexgo/conex/internal/current"
)

// Dump writes who waits for what, who holds it, and where in the program, and
// which threads wait for one another in a circle. What is noted is what began
// while tracking was on.
func Dump(w io.Writer) error {
	mu.Lock()
	held := make([]*note, 0, len(holds))
	for _, h := range holds {
		held = append(held, h)
	}
	asleep := make([]*note, 0, len(waits))
	for n := range waits {
		asleep = append(asleep, n)
	}
	mu.Unlock()
	older := func(a, b *note) int { return cmp.Compare(a.since.UnixNano(), b.since.UnixNano()) }
	slices.SortStableFunc(held, older)
	slices.SortStableFunc(asleep, older)

	var b bytes.Buffer
	now := time.Now()
	fmt.Fprintf(&b, "%d waiting, %d held\n", len(asleep), len(held))
	for _, c := range circles(held, asleep) {
		b.WriteString("\ndeadlock:\n")
		for _, l := range c {
			fmt.Fprintf(&b, "\t%s waits for %s, held by %s\n", name(l.wait.thread), thing(l.wait.obj), name(l.hold.thread))
		}
	}
	for _, h := range held {
		fmt.Fprintf(&b, "\n%s held by %s for %s, taken at\n", thing(h.obj), name(h.thread), age(now, h))
		frames(&b, h.stack)
		for _, n := range asleep {
			if n.obj == h.obj {
				fmt.Fprintf(&b, "    %s waits for it for %s at\n", name(n.thread), age(now, n))
				frames(&b, n.stack)
			}
		}
	}
	for _, n := range asleep {
		if !slices.ContainsFunc(held, func(h *note) bool { return h.obj == n.obj }) {
			fmt.Fprintf(&b, "\n%s waited for by %s for %s at\n", thing(n.obj), name(n.thread), age(now, n))
			frames(&b, n.stack)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// A link of a circle: who waits, and who holds what it waits for.
type link struct{ wait, hold *note }

// circles finds the threads that wait for one another. A thread may hold many
// things, and waits for one at most.
func circles(held, asleep []*note) (found [][]link) {
	next := map[current.Thread]link{}
	for _, n := range asleep {
		for _, h := range held {
			if h.obj == n.obj && n.thread != nil && h.thread != nil {
				next[n.thread] = link{n, h}
			}
		}
	}
	seen := map[current.Thread]bool{}
	for _, n := range asleep {
		var path []link
		on := map[current.Thread]int{}
		for t := n.thread; t != nil && !seen[t]; {
			l, ok := next[t]
			if !ok {
				break
			}
			if at, ok := on[t]; ok {
				found = append(found, path[at:])
				break
			}
			on[t] = len(path)
			path = append(path, l)
			t = l.hold.thread
		}
		for t := range on {
			seen[t] = true
		}
	}
	return found
}

func name(t current.Thread) string {
	if t == nil {
		return "no thread"
	}
	return t.Name()
}

func thing(obj any) string { return fmt.Sprintf("%s %p", Kind(obj), obj) }

// Kind is the type of what obj points to.
func Kind(obj any) string { return strings.TrimPrefix(fmt.Sprintf("%T", obj), "*") }

func age(now time.Time, n *note) time.Duration { return now.Sub(n.since).Round(time.Microsecond) }

func frames(b *bytes.Buffer, pcs []uintptr) {
	if len(pcs) == 0 {
		return
	}
	fs := runtime.CallersFrames(pcs)
	for {
		f, more := fs.Next()
		if f.Function != "runtime.goexit" {
			fmt.Fprintf(b, "\t%s\n\t\t%s:%d\n", f.Function, f.File, f.Line)
		}
		if !more {
			return
		}
	}
}
