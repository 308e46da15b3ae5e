package threading

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/conexgo/conex/internal/leak"
)

var errTest = errors.New("test")

func TestLife(t *testing.T) {
	leak.Check(t)
	ctx := context.Background()
	begin, end := make(chan struct{}), make(chan struct{})
	var inside *Thread
	var insideID ID
	th := New(func(ctx context.Context) error {
		inside, insideID = Current(ctx), Ident(ctx)
		close(begin)
		<-end
		return nil
	}, WithName("worker"))
	if _, ok := th.ID(); ok || th.Alive() || th.Name() != "worker" || th.Daemon() || th.Err() != nil {
		t.Errorf("before the start: %v", th)
	}
	if err := th.Join(ctx); err != ErrNotStarted {
		t.Errorf("Join before the start: %v", err)
	}
	if err := th.Start(ctx); err != nil {
		t.Fatal(err)
	}
	<-begin
	id, ok := th.ID()
	if !ok || id <= 1 || insideID != id || inside != th || !th.Alive() {
		t.Errorf("alive: %v, inside %v, %d", th, inside, insideID)
	}
	if !slices.Contains(Enumerate(), th) {
		t.Error("not enumerated")
	}
	if err := th.Start(ctx); err != ErrAlreadyStarted {
		t.Errorf("second Start: %v", err)
	}
	close(end)
	for range 3 {
		if err := th.Join(ctx); err != nil {
			t.Error(err)
		}
	}
	if after, ok := th.ID(); !ok || after != id || th.Alive() || slices.Contains(Enumerate(), th) {
		t.Errorf("after the end: %v", th)
	}
	if err := th.Start(ctx); err != ErrAlreadyStarted {
		t.Errorf("Start after the end: %v", err)
	}
}
