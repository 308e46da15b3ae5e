package threading

import (
	"context"
	"testing"

	"github.com/conexgo/conex/contextvars"
)

var color = contextvars.NewVar[string]("color")

// A thread sees what its starter has set, as it was at Start, in a copy.
func TestContextVariables(t *testing.T) {
	vars := contextvars.NewContext()
	vars.Run(context.Background(), func(ctx context.Context) error {
		color.Set(ctx, "red")
		begin := make(chan struct{})
		var seen string
		th, err := Go(ctx, func(ctx context.Context) error {
			<-begin
			seen = color.GetOr(ctx, "none")
			color.Set(ctx, "blue")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		adopted, leave := Adopt(ctx)
		defer leave()
		color.Set(ctx, "green")
		color.Set(adopted, "black")
		close(begin)
		th.Join(ctx)
		if now := color.GetOr(ctx, "none"); seen != "red" || now != "green" {
			t.Errorf("the thread saw %s, the starter has %s", seen, now)
		}

		own := contextvars.NewContext()
		th, _ = Go(ctx, func(ctx context.Context) error {
			seen = color.GetOr(ctx, "none")
			_, err := color.Set(ctx, "white")
			if Current(ctx) == nil {
				t.Error("no thread")
			}
			return err
		}, WithContext(own))
		th.Join(ctx)
		if v, ok := contextvars.Lookup(own, color); th.Err() != nil || seen != "none" || v != "white" || !ok {
			t.Errorf("in a given context: %v, it saw %s and left %s", th.Err(), seen, v)
		}

		defer setExceptHook(func(ExceptHookArgs) {})()
		th, _ = Go(ctx, func(ctx context.Context) error { return nil }, WithContext(vars))
		th.Join(ctx)
		if th.Err() == nil {
			t.Error("two are in one context")
		}
		th, _ = Go(ctx, func(ctx context.Context) error { seen = color.GetOr(ctx, "none"); return nil }, WithContext(nil))
		th.Join(ctx)
		if seen != "green" {
			t.Errorf("WithContext(nil): saw %s", seen)
		}
		return nil
	})
	// Where nothing was set a thread can set.
	inThread(t, func(ctx context.Context) {
		if _, err := color.Set(ctx, "grey"); err != nil {
			t.Error(err)
		}
	})
}
