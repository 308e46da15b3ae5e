package child

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex/internal/leak"
)

// A number that has been given to somebody else kills nobody: neither a process
// that began later, nor its group.
func TestKillForeign(t *testing.T) {
	leak.Check(t)
	from := SinceBoot()
	c, err := Start(Spec{Path: "/bin/sh", Args: []string{"sh", "-c", "sleep 1000 & wait"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Kill()
	began := Span{From: from, To: SinceBoot()}
	for len(Descendants(c.PID())) == 0 {
		time.Sleep(time.Millisecond)
	}
	for name, other := range map[string]Span{
		"before": {From: began.From - time.Hour, To: began.From - time.Second},
		"after":  {From: began.To + time.Second, To: began.To + time.Hour},
	} {
		KillForeign(c.PID(), other, true)
		if dead(unix.P_PID, c.PID(), unix.WNOHANG) || len(Descendants(c.PID())) != 1 {
			t.Fatalf("one that began %s has been taken for it", name)
		}
	}
	sleeper := openNode(Descendants(c.PID())[0])
	defer sleeper.close()
	KillForeign(c.PID(), began, true)
	<-c.Done()
	if s := c.Status(); s.Signal != unix.SIGKILL {
		t.Error(s)
	}
	for deadline := time.Now().Add(10 * time.Second); !sleeper.dead(); {
		if time.Now().After(deadline) {
			t.Fatal("what it has started lives on")
		}
		time.Sleep(time.Millisecond)
	}
}
