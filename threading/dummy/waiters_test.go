package dummy

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
)

func TestDumpWaiters(t *testing.T) {
	ctx := as(t)
	if SetTracking(true) || !SetTracking(true) {
		t.Error("on from the start")
	}
	defer SetTracking(false)
	dump := func() string {
		var b bytes.Buffer
		check(t, "DumpWaiters", DumpWaiters(&b), nil)
		return b.String()
	}
	var l, freed Lock
	var r RLock
	since := next()
	r.Acquire(ctx)
	r.Acquire(ctx)
	l.Lock()
	freed.With(ctx, func(context.Context) error { return nil })
	lines := strings.Split(dump(), "\n")
	if len(lines) != 4 || lines[0] != "0 waiting, 2 held" ||
		!strings.HasPrefix(lines[1], "*dummy.RLock 0x") || !strings.HasSuffix(lines[1], " held by test since waiters"+since) ||
		!strings.HasPrefix(lines[2], "*dummy.Lock 0x") || !strings.Contains(lines[2], " held since waiters_test.go:") {
		t.Errorf("%q", lines)
	}
	r.Release(ctx)
	if !strings.Contains(dump(), "RLock") {
		t.Error("gone when released once")
	}
	r.Release(ctx)
	l.Unlock()
	if out := dump(); out != "0 waiting, 0 held\n" {
		t.Error(out)
	}
	if !SetTracking(false) || SetTracking(false) {
		t.Error("SetTracking")
	}
	SetSlowWait(0, func(s SlowWait) { t.Errorf("a wait: %+v", s) })
	new(Event).Wait(ctx)
	SetSlowWait(time.Hour, nil)
}
