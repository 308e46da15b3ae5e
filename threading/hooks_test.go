package threading

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestTrace(t *testing.T) {
	ctx := context.Background()
	defer setExceptHook(func(ExceptHookArgs) {})()
	var events []string
	note := func(ev TraceEvent) {
		events = append(events, fmt.Sprint(ev.Thread.Name(), " ", ev.Kind, " ", ev.Err, " ", ev.Ran))
	}
	run := func(name string, fn func(context.Context) error) {
		th, _ := Go(ctx, fn, WithName(name))
		th.Join(ctx)
	}
	release := make(chan struct{})
	waits := func(context.Context) error { <-release; return nil }
	early, _ := Go(ctx, waits, WithName("early"))
	if Trace() != nil || SetTrace(note) != nil || Trace() == nil {
		t.Error("set before")
	}
	run("good", func(ctx context.Context) error {
		events = append(events, Current(ctx).Name()+" runs")
		return nil
	})
	run("bad", fails)
	late, _ := Go(ctx, waits, WithName("late"))
	if SetTrace(nil) == nil || Trace() != nil {
		t.Error("not set before")
	}
	run("unseen", named)
	close(release)
	early.Join(ctx)
	late.Join(ctx) // keeps what it started with
	want := []string{"good starts <nil> 0s", "good runs", "good finishes <nil> 0s", "bad starts <nil> 0s", "bad fails test 0s",
		"late starts <nil> 0s", "late finishes <nil> 0s"}
	if !slices.Equal(events, want) {
		t.Errorf("got %q\nwant %q", events, want)
	}
}

func TestTraceAll(t *testing.T) {
	ctx := context.Background()
	var events []string
	begun, release := make(chan struct{}, 1), make(chan struct{})
	waits := func(context.Context) error { begun <- struct{}{}; <-release; return nil }
	th, _ := Go(ctx, waits)
	<-begun
	if SetTraceAll(func(ev TraceEvent) { events = append(events, ev.Kind.String()) }) != nil {
		t.Error("set before")
	}
	close(release)
	th.Join(ctx)
	if !slices.Equal(events, []string{"finishes"}) {
		t.Errorf("got %q", events)
	}
	release = make(chan struct{})
	th, _ = Go(ctx, waits)
	<-begun
	if SetTraceAll(nil) == nil || Trace() != nil {
		t.Error("not set before")
	}
	close(release)
	th.Join(ctx)
	if !slices.Equal(events, []string{"finishes", "starts"}) {
		t.Errorf("got %q", events)
	}
	if th.hooks() != nil {
		t.Error("a hook is left")
	}
}

func TestProfile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		var events []string
		var mu sync.Mutex
		note := func(ev TraceEvent) {
			mu.Lock()
			defer mu.Unlock()
			events = append(events, fmt.Sprint(ev.Thread.Name(), " ", ev.Kind, " ", ev.Ran))
		}
		sleep := func(context.Context) error { time.Sleep(time.Minute); return nil }
		running, _ := Go(ctx, sleep, WithName("running"))
		synctest.Wait()
		time.Sleep(20 * time.Second)
		if SetProfileAll(note) != nil || Profile() == nil {
			t.Error("set before")
		}
		th, _ := Go(ctx, sleep, WithName("new"))
		running.Join(ctx)
		th.Join(ctx)
		if SetProfile(nil) == nil || Profile() != nil {
			t.Error("not set before")
		}
		th, _ = Go(ctx, sleep, WithName("unseen"))
		th.Join(ctx)
		want := []string{"new starts 0s", "running finishes 40s", "new finishes 1m0s"}
		if !slices.Equal(events, want) {
			t.Errorf("got %q\nwant %q", events, want)
		}
		SetProfileAll(nil)
	})
}

// A trace function that panics does not hurt the thread.
func TestTraceFails(t *testing.T) {
	ctx := context.Background()
	ran := false
	text := stderrOf(t, func() {
		defer func() { SetTrace(nil) }()
		SetTrace(func(TraceEvent) { panic("sick") })
		th, _ := Go(ctx, func(context.Context) error { ran = true; return nil }, WithName("patient"))
		th.Join(ctx)
		if th.Err() != nil {
			t.Error(th.Err())
		}
	})
	if !ran || strings.Count(text, "Failure in thread patient: its trace function failed: threading: panic: sick") != 2 {
		t.Errorf("ran: %v, wrote %q", ran, text)
	}
}
