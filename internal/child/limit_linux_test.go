package child

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
)

func init() {
	// hold:N:THEN keeps N MiB resident, says ready, and exits or blocks.
	roles["hold"] = func(args []string) {
		held := touch(atoi(args[0]))
		fmt.Println("ready")
		if args[1] == "block" {
			io.Copy(io.Discard, os.Stdin)
		}
		held[0]++
	}
	// allocate waits for a byte, then takes more and more memory.
	roles["allocate"] = func([]string) {
		fmt.Println("ready")
		os.Stdin.Read(make([]byte, 1))
		var all [][]byte
		for total := 8; total <= 2048; total += 8 {
			all = append(all, touch(8))
			fmt.Println(total)
		}
		all[0][0]++
	}
}

// touch returns resident memory.
func touch(mib int) []byte {
	b := make([]byte, mib<<20)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	return b
}

func TestMaxRSS(t *testing.T) {
	const mib = 1 << 20
	// More than this program: the child's own figure.
	own := int(peakRSS("self") / mib)
	c := start(t, fmt.Sprintf("hold:%d:exit", own+64), Spec{})
	s := await(t, c)
	if got := int(s.MaxRSS / mib); got < own+64 || got > 2*own+500 || s.MaxRSSBound {
		t.Errorf("child with %d MiB: MaxRSS %d MiB, bound %v", own+64, got, s.MaxRSSBound)
	}
	// Less: the kernel tells our figure, and only Kill knows better.
	held := touch(own + 300)
	peak := int(peakRSS("self") / mib)
	c = start(t, "exit:0", Spec{})
	s = await(t, c)
	if got := int(s.MaxRSS / mib); !s.MaxRSSBound || got > peak {
		t.Errorf("small child of a big parent: MaxRSS %d MiB, bound %v; we have %d MiB", got, s.MaxRSSBound, peak)
	}
	c, _ = startReady(t, "hold:16:block", Spec{Stdin: stuck(t)})
	rss, err := c.RSS()
	if err != nil || rss < 16*mib || rss > int64(own+300)*mib {
		t.Errorf("RSS %d MiB, %v", rss/mib, err)
	}
	c.Kill()
	s = await(t, c)
	if got := int(s.MaxRSS / mib); s.MaxRSSBound || got < 16 || got > own+300 {
		t.Errorf("small child killed: MaxRSS %d MiB, bound %v", got, s.MaxRSSBound)
	}
	held[0]++
}

func TestMemoryLimit(t *testing.T) {
	if raceEnabled {
		if err := SetMemoryLimit(0, 1<<30); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("with the race detector: %v, want ErrUnsupported", err)
		}
		return // the limit cannot work: the detector's own memory is charged to it
	}
	for _, bad := range []int64{0, -1} {
		if err := SetMemoryLimit(0, bad); err == nil {
			t.Errorf("limit %d: no error", bad)
		}
	}
	if err := SetMemoryLimit(-1, 1<<30); err == nil {
		t.Error("process -1: no error")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	c, out := startReady(t, "allocate", Spec{Stdin: r})
	r.Close()
	const limit = 300
	if err := c.SetMemoryLimit(limit << 20); err != nil {
		t.Fatal(err)
	}
	w.Write([]byte{0})
	lines := strings.Fields(out.end())
	if len(lines) == 0 {
		t.Fatal("the child died at once")
	}
	last, err := strconv.Atoi(lines[len(lines)-1])
	if err != nil || last < limit/2 || last > limit {
		t.Errorf("died at %d MiB of %d (%v)", last, limit, err)
	}
	s := await(t, c)
	if s.ExitCode != 2 || s.MaxRSS > (limit+50)<<20 && !s.MaxRSSBound {
		t.Errorf("status %v, MaxRSS %d MiB, bound %v", s, s.MaxRSS>>20, s.MaxRSSBound)
	}
	t.Logf("limit %d MiB: died with %d MiB in use, MaxRSS %d MiB", limit, last, s.MaxRSS>>20)
}
