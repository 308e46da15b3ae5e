package contextvars

import (
	"context"
	"testing"

	"github.com/conexgo/conex/internal/inherit"
)

// Items that set nothing share what they were given; one that does keeps what
// it set to itself.
func TestReuse(t *testing.T) {
	v := NewVar[int]("v")
	for name, ctx := range map[string]context.Context{
		"nothing set": t.Context(),
		"set":         v.With(t.Context(), 1),
	} {
		t.Run(name, func(t *testing.T) {
			before := v.GetOr(ctx, 0)
			next := inherit.TakeOrEmpty(ctx).Reuse(ctx)
			first := next()
			if got := v.GetOr(first, 0); got != before {
				t.Errorf("the first sees %d, want %d", got, before)
			}
			second := next()
			if second != first {
				t.Error("made anew for nothing")
			}
			if _, err := v.Set(second, 7); err != nil {
				t.Fatal(err)
			}
			third := next()
			if third == second || v.GetOr(third, 0) != before || v.GetOr(second, 0) != 7 {
				t.Errorf("the next sees %d, the one that set 7 sees %d", v.GetOr(third, 0), v.GetOr(second, 0))
			}
			if v.GetOr(ctx, 0) != before {
				t.Error("seen outside")
			}
		})
	}
}
