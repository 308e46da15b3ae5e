package threading

import (
	"context"
	"fmt"
	"testing"

	"github.com/conexgo/conex/internal/leak"
)

// A worker for names.
type worker struct{ ran int }

func (w *worker) Run(context.Context) error  { w.ran++; return errTest }
func (w *worker) work(context.Context) error { return nil }

func named(context.Context) error { return nil }

func generic[T any](context.Context) error { return nil }

func TestName(t *testing.T) {
	for _, tc := range []struct {
		th   *Thread
		want string // after the number
	}{
		{New(nil), ""},
		{New(named), " (named)"},
		{New(new(worker).work), " ((*worker).work)"},
		{New(generic[int]), " (generic)"},
		{New(func(context.Context) error { return nil }), " (TestName.func1)"},
		{NewRunner(new(worker)), ""},
	} {
		name := tc.th.Name()
		if want := fmt.Sprintf("Thread-%d%s", tc.th.number, tc.want); name != want || name != tc.th.Name() {
			t.Errorf("called %q, want %q", name, want)
		}
	}
	a, b := New(named), New(named)
	if b.number <= a.number || a.Name() == b.Name() {
		t.Errorf("%q and %q", a.Name(), b.Name())
	}
	for _, name := range []string{"", "hello", "5"} {
		if got := New(nil, WithName(name)).Name(); got != name {
			t.Errorf("called %q, want %q", got, name)
		}
	}
	a.SetName("new")
	if a.Name() != "new" {
		t.Errorf("renamed to %q", a.Name())
	}
}

func TestString(t *testing.T) {
	leak.Check(t)
	ctx := context.Background()
	th := New(nil, WithName("t"), WithDaemon(true))
	if s := th.String(); s != "<Thread(t, initial daemon)>" {
		t.Error(s)
	}
	release := make(chan struct{})
	th = New(func(context.Context) error { <-release; return nil }, WithName("t"))
	th.Start(ctx)
	id, _ := th.ID()
	if s := fmt.Sprint(th); s != fmt.Sprintf("<Thread(t, started %d)>", id) {
		t.Error(s)
	}
	close(release)
	th.Join(ctx)
	if s := fmt.Sprint(th); s != fmt.Sprintf("<Thread(t, stopped %d)>", id) {
		t.Error(s)
	}
	if s := NewTimer(0, nil, WithName("x")).String(); s != "<Timer(x, initial)>" {
		t.Error(s)
	}
}
