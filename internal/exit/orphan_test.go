package exit

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestOrphan(t *testing.T) {
	ran := make(chan string, 3)
	OnOrphan(func() { ran <- "kept" })
	remove := OnOrphan(func() { ran <- "removed" })
	remove()
	remove()
	RunOrphan(time.Hour)
	RunOrphan(time.Hour) // each once
	close(ran)
	var got []string
	for s := range ran {
		got = append(got, s)
	}
	if len(got) != 1 || got[0] != "kept" {
		t.Errorf("ran %q", got)
	}
}

// What hangs does not keep a process alive.
func TestOrphanHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		OnOrphan(func() { <-free })
		begin := time.Now()
		RunOrphan(time.Minute)
		if d := time.Since(begin); d != time.Minute {
			t.Errorf("waited %v", d)
		}
		close(free)
	})
}
