package peer

import (
	"os"
	"os/exec"
	"testing"
)

// eachKernel runs the test on this kernel and as on one without pidfds.
func eachKernel(t *testing.T, test func(t *testing.T)) {
	for name, without := range map[string]bool{"pidfd": false, "no pidfd": true} {
		t.Run(name, func(t *testing.T) {
			defer func() { noPidfd = false }()
			noPidfd = without
			test(t)
		})
	}
}

func TestAlive(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		cmd := exec.Command("sleep", "60")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		pid := cmd.Process.Pid
		start, _, ok := stat(pid)
		if !ok {
			t.Fatal("a living process has no stat")
		}
		id := New(pid, start)
		if id.PID() != pid || id.Start() != start {
			t.Errorf("%x has pid %d and start %d", id, id.PID(), id.Start())
		}
		if !id.Alive() {
			t.Error("a living process is dead")
		}
		if New(pid, start+1).Alive() {
			t.Error("a process that had the number before is alive")
		}
		cmd.Process.Kill()
		for id.Alive() { // a zombie, then: nobody waits for it
		}
		cmd.Wait()
		if id.Alive() {
			t.Error("a dead process is alive")
		}
	})
}

func TestSelf(t *testing.T) {
	if Self().PID() != os.Getpid() || !Self().Alive() || Self().Start() == 0 {
		t.Errorf("this process is %x", Self())
	}
	if ID(0).Alive() {
		t.Error("nobody is alive")
	}
	// Numbers that nobody has.
	for _, id := range []ID{New(1<<22+5, 7), New(-1, 7)} {
		if id.Alive() {
			t.Errorf("%d is alive", id.PID())
		}
	}
}

func BenchmarkAlive(b *testing.B) {
	start, _, _ := stat(1)
	for b.Loop() {
		New(1, start).Alive()
	}
}
