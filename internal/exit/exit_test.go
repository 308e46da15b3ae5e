package exit

import (
	"context"
	"slices"
	"testing"
)

func TestOrder(t *testing.T) {
	var got []string
	note := func(s string) func(context.Context) { return func(context.Context) { got = append(got, s) } }
	Register(Queues, note("queues"))
	Register(Executors, note("first pool"))
	remove := Register(Executors, note("removed"))
	Register(Executors, func(ctx context.Context) {
		got = append(got, "second pool")
		Register(Executors, note("made at exit"))
	})
	Register(Threads, note("threads"))
	remove()
	remove()
	Run(context.Background())
	want := []string{"threads", "second pool", "made at exit", "first pool", "queues"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	got = nil
	if Run(context.Background()); got != nil {
		t.Errorf("a second time: %q", got)
	}
}
