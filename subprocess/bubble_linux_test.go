package subprocess_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/subprocess"
)

// TestBubble starts real programs in bubbles of testing/synctest. What lives
// longer than a bubble was made outside, or is not made in it.
func TestBubble(t *testing.T) {
	leak.Check(t)
	mask := fs.FileMode(0o77)
	for name, change := range map[string]func(*subprocess.Cmd){
		"plain":  func(*subprocess.Cmd) {},
		"limits": func(c *subprocess.Cmd) { c.Limits.Files = 20 },
		"umask":  func(c *subprocess.Cmd) { c.Unix.Umask = &mask },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cmd := shell("umask; ulimit -n")
				change(&cmd)
				cmd.Capture = true
				c, err := subprocess.Run(t.Context(), cmd)
				if err != nil || c.Code != 0 || len(c.Stdout) == 0 {
					t.Errorf("%+v, %v", c, err)
				}
			})
		})
	}
}

// TestFirstInBubble: the first start of a program is in a bubble, when there are
// no starters yet, and no guardian.
func TestFirstInBubble(t *testing.T) {
	if role := os.Getenv(roleVar); role == coldRole || role == coldRoleBefore {
		synctest.Test(t, firstInBubble)
		return
	}
	leak.Check(t)
	for _, role := range []string{coldRole, coldRoleBefore} {
		cmd := selfAs(t, role)
		cmd.Args = append(cmd.Args, "-test.run=^TestFirstInBubble$", "-test.v")
		cmd.Capture = true
		c, err := subprocess.Run(t.Context(), cmd)
		if err != nil || c.Code != 0 || !strings.Contains(string(c.Stdout), "--- PASS: TestFirstInBubble") {
			t.Errorf("%s: %v, code %d: %s%s", role, err, c.Code, c.Stdout, c.Stderr)
		}
	}
}

func firstInBubble(t *testing.T) {
	mask := fs.FileMode(0o77)
	for _, u := range []subprocess.Unix{{}, {Umask: &mask}} {
		cmd := shell("true")
		cmd.Unix, cmd.Limits.Files = u, 20
		if c, err := subprocess.Run(t.Context(), cmd); err != nil || c.Code != 0 {
			t.Errorf("%+v, %v", c, err)
		}
	}
	time.Sleep(time.Hour)
}
