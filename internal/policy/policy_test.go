package policy

import (
	"testing"
	"time"
)

func TestRecycle(t *testing.T) {
	for _, tt := range []struct {
		r     Recycle
		tasks int64
		age   time.Duration
		rss   int64
		want  string
	}{
		{Recycle{}, 1e9, time.Hour, 1 << 40, ""},
		{Recycle{MaxTasks: 3}, 2, 0, 0, ""},
		{Recycle{MaxTasks: 3}, 3, 0, 0, "max tasks"},
		{Recycle{MaxAge: time.Second}, 0, time.Second, 0, "max age"},
		{Recycle{MaxAge: time.Second}, 0, time.Second - 1, 0, ""},
		{Recycle{MaxRSS: 100}, 0, 0, 100, "max RSS"},
		{Recycle{MaxRSS: 100}, 0, 0, 99, ""},
	} {
		if got := tt.r.Due(tt.tasks, tt.age, tt.rss); got != tt.want {
			t.Errorf("%+v.Due(%d, %v, %d) = %q, want %q", tt.r, tt.tasks, tt.age, tt.rss, got, tt.want)
		}
	}
	for _, r := range []Recycle{{MaxTasks: -1}, {MaxAge: -1}, {MaxRSS: -1}} {
		if r.Check() == nil {
			t.Errorf("%+v passes", r)
		}
	}
	if (Recycle{1, 1, 1}).Check() != nil {
		t.Error("good limits do not pass")
	}
}

func TestStarts(t *testing.T) {
	run := func(killed bool) (n int) {
		var s Starts
		last := time.Duration(0)
		for n = 1; ; n++ {
			d, giveUp := s.Failed(killed)
			if giveUp {
				return n
			}
			if d < last || d > time.Second {
				t.Fatalf("delay %v after %v", d, last)
			}
			last = d
		}
	}
	if n := run(false); n != MaxFailedStarts {
		t.Errorf("gave up after %d exits", n)
	}
	if n := run(true); n != MaxKilledStarts {
		t.Errorf("gave up after %d kills", n)
	}
	var s Starts
	for range 100 {
		if _, giveUp := s.Failed(false); giveUp {
			t.Fatal("success is not remembered")
		}
		s.OK()
	}
}
