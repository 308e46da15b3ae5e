//go:build unix

package python

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/conexgo/conex/internal/wire"
)

// Neighbours share a head if they have everything in common, and only then.
func TestUnit(t *testing.T) {
	f, g := &wire.Entry{Key: []byte("f1a:f")}, &wire.Entry{Key: []byte("f1a:g")}
	same := &wire.Entry{Key: []byte("f1a:f")}
	var u unit
	u.reset()
	steps := []struct {
		e     entry
		heads int // afterwards
	}{
		{entry{fn: f}, 1}, {entry{fn: f}, 1}, {entry{fn: same}, 1}, {entry{fn: g}, 2}, {entry{fn: f}, 3},
		{entry{fn: f, deadline: 1}, 4}, {entry{fn: f, deadline: 1, timeout: 1}, 5},
		{entry{fn: f, flags: flagLarge}, 6}, {entry{fn: f, flags: flagLarge}, 7},
		{entry{fn: f, flags: flagStream}, 8}, {entry{fn: f, flags: flagStream}, 9},
	}
	for i, s := range steps {
		before, cost := len(u.buf), u.cost(&s.e)
		u.open(&s.e, 2)
		if u.entries != s.heads || len(u.buf)-before != cost {
			t.Errorf("step %d: %d heads and %d bytes, want %d and %d", i, u.entries, len(u.buf)-before, s.heads, cost)
		}
	}
	b := u.finish(1 << 40)
	if first, ok := unitNumber(b); !ok || first != 1<<40 || le.Uint16(b[2:]) != 9 || le.Uint32(b[4:]) != 22 || le.Uint32(b[unitHead+4:]) != 6 {
		t.Errorf("the unit begins with % x", b[:unitHead+entryHead])
	}
	if _, ok := unitNumber(b[:unitHead-1]); ok {
		t.Error("half a head is one")
	}
}

// The same levels come back that the pool has asked for.
func TestLevels(t *testing.T) {
	for l, want := range map[slog.Level]int{slog.LevelDebug: 10, slog.LevelInfo: 20, slog.LevelWarn: 30, slog.LevelError: 40, -100: 1} {
		if got := pythonLevel(l); got != want {
			t.Errorf("%v is %d, want %d", l, got, want)
		}
	}
	for l := slog.Level(-7); l < 20; l++ {
		if p := pythonLevel(l); slogLevel(p) < l || slogLevel(p-1) >= l {
			t.Errorf("%v became %d, which is %v; the level below is %v", l, p, slogLevel(p), slogLevel(p-1))
		}
	}
}

// Threads of ours are left out, and our frames of others.
func TestUserStacks(t *testing.T) {
	const text = "Thread 0x1 (most recent call first):\n  File \"conex_worker.py\", line 1 in watch\n\n" +
		"Current thread 0x2 (most recent call first):\n  File \"a.py\", line 2 in f\n  File \"conex_worker.py\", line 3 in serve\n"
	const want = "Current thread 0x2 (most recent call first):\n  File \"a.py\", line 2 in f"
	if got := userStacks(text); got != want {
		t.Errorf("got %q", got)
	}
}

// What a worker sends is taken apart without a panic, and into pieces that are all
// of it, whatever it is.
func FuzzResults(f *testing.F) {
	head := append([]byte{'R', 1, 0, 0, 0, 0, 0, 0}, 5, 0, 0, 0, 0, 0, 0, 0)
	result := func(status byte, payload string) []byte {
		return append([]byte{status, 0, 0, 0, byte(len(payload)), 0, 0, 0}, payload...)
	}
	f.Add(head)
	f.Add(bytes.Join([][]byte{head, result(statusOK, "N."), result(statusTime, "0123456789ab")}, nil))
	f.Add(bytes.Join([][]byte{head, result(statusLarge, "0123456701234567"), result(statusItem, "N.")}, nil))
	f.Add(append(bytes.Clone(head), 0, 0, 0, 0, 255, 255, 255, 255))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, rest, err := resultsHead(b)
		if err != nil {
			return
		}
		known := upToFiles(rest)
		if len(known) > len(rest) || !bytes.HasPrefix(rest, known) {
			t.Fatalf("%d of %d bytes", len(known), len(rest))
		}
		for n := 0; len(rest) > 0; n++ {
			status, payload, next, err := nextResult(rest)
			if err != nil {
				return
			}
			if len(payload)+len(next)+resultHead != len(rest) {
				t.Fatalf("%d bytes became %d and %d", len(rest), len(payload), len(next))
			}
			if status == statusLarge {
				twoWords(payload)
			}
			rest = next
		}
	})
}
