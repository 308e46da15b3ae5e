package contextvars

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/propagate"
)

var (
	travelInt  = NewVar("internal.int", Propagated[int]())
	travelText = NewVar("internal.text", Propagated[[]string]())
	travelAny  = NewVar("internal.any", Propagated[any]())
)

func TestPropagatedMistakes(t *testing.T) {
	for name, x := range map[string]struct {
		make func()
		want string
	}{
		"name":   {func() { NewVar("", Propagated[int]()) }, "needs a name"},
		"twice":  {func() { NewVar("internal.int", Propagated[string]()) }, `"internal.int" already`},
		"type":   {func() { NewVar("chan", Propagated[chan int]()) }, "chan int"},
		"field":  {func() { NewVar("field", Propagated[struct{ F func() }]()) }, "F"},
		"handle": {func() { NewVar("handle", Propagated[*conex.Buffer]()) }, "arguments"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if r := fmt.Sprint(recover()); !strings.Contains(r, x.want) {
					t.Errorf("panic %s, want one about %s", r, x.want)
				}
			}()
			x.make()
		})
	}
}

// cross is the way through a border.
func cross(t *testing.T, ctx context.Context) context.Context {
	t.Helper()
	data, err := propagate.Inject(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ctx, err = propagate.Extract(context.Background(), data)
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

func TestCross(t *testing.T) {
	stays := NewVar[int]("stays")
	if current(cross(t, stays.With(context.Background(), 1))) != nil {
		t.Error("something travels that should not")
	}
	ctx := travelInt.With(stays.With(context.Background(), 1), 0)
	ctx = travelText.With(ctx, []string{"a", ""})
	ctx = travelAny.With(ctx, nil)
	got := cross(t, ctx)
	if c := Copy(got); c.Len() != 3 || c.Has(stays) {
		t.Errorf("%d variables", c.Len())
	}
	n, err1 := travelInt.Get(got)
	s, err2 := travelText.Get(got)
	a, err3 := travelAny.Get(got)
	if n != 0 || len(s) != 2 || s[0] != "a" || a != nil || err1 != nil || err2 != nil || err3 != nil {
		t.Error(n, s, a, err1, err2, err3)
	}
	// Those that are not set are not set there.
	if _, err := travelText.Get(cross(t, travelInt.With(context.Background(), 1))); err == nil {
		t.Error("out of nothing")
	}
}

func TestCrossRefused(t *testing.T) {
	ctx := travelAny.With(context.Background(), func() {})
	if data, err := propagate.Inject(ctx); data != nil || err == nil || !strings.Contains(err.Error(), `"internal.any"`) {
		t.Errorf("%q, %v", data, err)
	}
	if (propagator{}).Inject(ctx) != nil {
		t.Error("Inject")
	}
}

// A variable that does not arrive is left out; the others arrive.
func TestCrossDamaged(t *testing.T) {
	ctx := travelText.With(travelInt.With(context.Background(), 7), []string{"a"})
	data := propagator{}.Inject(ctx)
	for _, name := range []string{"internal.text", "internal.int"} {
		other := []byte(strings.Replace(string(data), name, "internal.xxxx"[:len(name)], 1))
		got := propagator{}.Extract(context.Background(), other)
		if n := Copy(got).Len(); n != 1 {
			t.Errorf("without %s there are %d", name, n)
		}
	}
	for i := range data {
		propagator{}.Extract(context.Background(), data[:i])
	}
}

func FuzzExtract(f *testing.F) {
	ctx := travelAny.With(travelText.With(travelInt.With(context.Background(), 7), []string{"a"}), "x")
	f.Add(propagator{}.Inject(ctx))
	f.Add([]byte("\x0cinternal.int\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		ctx := propagator{}.Extract(context.Background(), data)
		for v := range Copy(ctx).Vars() {
			v.Name()
		}
	})
}
