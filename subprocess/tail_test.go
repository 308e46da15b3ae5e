//go:build unix

package subprocess_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/subprocess"
)

func TestTail(t *testing.T) {
	for _, c := range []struct {
		max, lines int
		in         []string
		want       string
	}{
		{0, 0, nil, ""},
		{0, 0, []string{"a", "b"}, "ab"},
		{3, 0, []string{"ab", "cd"}, "bcd"},
		{3, 0, []string{"abcdef"}, "def"},
		{3, 0, []string{"a", "b", "c", "d", "ef"}, "def"},
		{3, 0, []string{"ab", "cde", "f"}, "def"},
		{0, 2, []string{"1\n2\n", "3\n"}, "2\n3\n"},
		{0, 2, []string{"1\n2\n3"}, "2\n3"},
		{0, 1, []string{"1\n2\n\n"}, "\n"},
		{4, 9, []string{"1\n2\n3\n"}, "2\n3\n"},
		{3, 2, []string{"abc\nd\ne\n"}, "d\ne\n"[1:]},
	} {
		tail := &subprocess.Tail{Max: c.max, MaxLines: c.lines}
		total := 0
		for _, s := range c.in {
			if n, err := tail.WriteString(s); n != len(s) || err != nil {
				t.Error(n, err)
			}
			total += len(s)
		}
		if tail.String() != c.want || tail.Total() != int64(total) {
			t.Errorf("%+v: %q, %d", c, tail.String(), tail.Total())
		}
		if got := strings.Join(tail.Lines(), "|"); got != strings.ReplaceAll(strings.TrimSuffix(c.want, "\n"), "\n", "|") {
			t.Errorf("%+v: lines %q", c, got)
		}
		tail.Reset()
		if tail.String() != "" || tail.Total() != 0 || tail.Lines() != nil {
			t.Error("after Reset:", tail.String())
		}
	}
}

// A tail can be looked at while the program runs, and never has half of a Write.
func TestTailLive(t *testing.T) {
	leak.Check(t)
	tail := &subprocess.Tail{Max: 8 * 100}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			lines := tail.Lines()
			for i := 1; i < len(lines); i++ {
				a, _ := strconv.Atoi(lines[i-1])
				if b, err := strconv.Atoi(lines[i]); b != a+1 || err != nil {
					t.Errorf("%q after %q", lines[i], lines[i-1])
				}
			}
		}
	})
	for i := range 10_000 {
		fmt.Fprintf(tail, "%07d\n", i)
	}
	close(stop)
	wg.Wait()
	if s := tail.String(); !strings.HasSuffix(s, "0009999\n") || len(s) != 800 {
		t.Errorf("%q", s)
	}
	// As the writer of a program.
	tail = &subprocess.Tail{MaxLines: 2}
	cmd := sh("seq 100000; echo end >&2")
	cmd.Stdout, cmd.Stderr = tail, subprocess.Stdout
	if err := subprocess.CheckCall(within(t), cmd); err != nil || tail.String() != "100000\nend\n" {
		t.Error(err, tail.String())
	}
}
