package threading

import (
	"bytes"
	"context"
	"runtime/pprof"
	"runtime/trace"
	"strings"
	"testing"
)

// labelled reports whether a goroutine with that label for its thread lives.
func labelled(t *testing.T, name string) bool {
	var b bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&b, 1); err != nil {
		t.Fatal(err)
	}
	return strings.Contains(b.String(), `"thread":"`+name+`"`)
}

func TestLabels(t *testing.T) {
	ctx := context.Background()
	run := func(name string, want bool, opts ...Option) {
		t.Helper()
		begun, release := make(chan bool), make(chan struct{})
		th, err := Go(ctx, func(ctx context.Context) error {
			_, inCtx := pprof.Label(ctx, "thread")
			begun <- inCtx
			<-release
			return nil
		}, append(opts, WithName(name))...)
		if err != nil {
			t.Fatal(err)
		}
		if inCtx := <-begun; labelled(t, name) != want || inCtx != want {
			t.Errorf("%s: label seen %v, in its context %v", name, labelled(t, name), inCtx)
		}
		close(release)
		th.Join(ctx)
	}
	run("plain", false)
	run("asked for", true, WithLabels())
	if SetLabels(true) {
		t.Error("set before")
	}
	run("everybody", true)
	if !SetLabels(false) {
		t.Error("not set before")
	}
	run("nobody", false)

	adopted, leave := Adopt(ctx, WithLabels(), WithName("adopted"))
	if !labelled(t, "adopted") || Current(adopted) == nil {
		t.Error("adopted: no label")
	}
	leave()
	if labelled(t, "adopted") {
		t.Error("adopted: the label stays")
	}
}

func TestTraceTask(t *testing.T) {
	if trace.IsEnabled() {
		t.Skip("somebody else records a trace")
	}
	var b bytes.Buffer
	if err := trace.Start(&b); err != nil {
		t.Fatal(err)
	}
	th, _ := Go(context.Background(), named, WithLabels(), WithName("seen in the trace"))
	th.Join(context.Background())
	trace.Stop()
	if !strings.Contains(b.String(), "seen in the trace") {
		t.Error("no task in the trace")
	}
}
