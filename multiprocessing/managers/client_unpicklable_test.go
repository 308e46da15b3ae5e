package managers

import (
	"errors"
	"strings"
	"testing"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/pickle"
)

// What cannot be pickled is an error that says where it is, and nothing of the
// call has been sent.
func TestClientUnpicklable(t *testing.T) {
	leak.Check(t)
	_, m := clientPair(t)
	l, err := NewList[any](t.Context(), m, "first")
	clientMust(t, err)
	defer l.Close()
	for at, v := range map[string]any{
		`["k"][1]`: map[string]any{"k": []any{1, make(chan int)}},
		`.F`:       struct{ F func() }{func() {}},
	} {
		var unsupported *pickle.UnsupportedTypeError
		if err := l.Append(t.Context(), v); !errors.As(err, &unsupported) || !strings.Contains(err.Error(), at) {
			t.Errorf("%T: error %v, want an UnsupportedTypeError with %s", v, err, at)
		}
	}
	if n, err := l.Len(t.Context()); n != 1 || err != nil {
		t.Errorf("the list has %d items, %v; want the first one", n, err)
	}
}
