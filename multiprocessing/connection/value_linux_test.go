package connection_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing/connection"
)

type point struct {
	X, Y int
	Name string
}

type kinds struct {
	A any
	P *point
	M map[string][]float64
	T time.Time
}

func TestValues(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 20*time.Second)
	a, b := pipe(t)
	value(t, ctx, a, b, 7)
	value(t, ctx, a, b, "")
	value(t, ctx, a, b, strings.Repeat("long ", 50_000))
	value(t, ctx, a, b, []byte("bytes"))
	value(t, ctx, a, b, []byte(nil))
	value(t, ctx, a, b, make([]float64, 100_000))
	value(t, ctx, a, b, [3]int16{1, 2, 3})
	value(t, ctx, a, b, point{1, 2, "three"})
	value(t, ctx, a, b, (*point)(nil))
	value(t, ctx, a, b, kinds{A: []any{1, "hello", nil}, P: &point{Name: "x"}, M: map[string][]float64{"y": {1, 2}}, T: time.Unix(5, 0).UTC()})
	value[any](t, ctx, a, b, nil)
	value[any](t, ctx, a, b, []any{1, 2.25, nil})
	value[fmt.Stringer](t, ctx, a, b, nil)
	value(t, ctx, a, b, struct{}{})
	for _, x := range []any{nil, 1, "x", []any{true, int8(3)}, map[string]any{"k": 1.5}} {
		if err := a.Send(ctx, x); err != nil {
			t.Fatal(err)
		}
		if got, err := b.Recv(ctx); !reflect.DeepEqual(got, x) || err != nil {
			t.Errorf("%v became %v, %v", x, got, err)
		}
	}
	// Recv of a type takes what Connection.Send has sent, if it is of that type.
	a.Send(ctx, 42)
	if x, err := connection.Recv[int](ctx, b); x != 42 || err != nil {
		t.Errorf("got %v, %v", x, err)
	}
}

func value[T any](t *testing.T, ctx context.Context, a, b *connection.Connection, v T) {
	t.Helper()
	if err := connection.Send(ctx, a, v); err != nil {
		t.Fatalf("%T: %v", v, err)
	}
	if got, err := connection.Recv[T](ctx, b); !reflect.DeepEqual(got, v) || err != nil {
		t.Fatalf("%T: %v became %v, %v", v, v, got, err)
	}
}

// A message of another type than the one asked for is still there.
func TestMismatch(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 20*time.Second)
	a, b := pipe(t)
	type local struct{ X int }
	recvs := map[string]func() error{
		"bytes": func() error { _, err := b.RecvBytes(ctx); return err },
		"any":   func() error { _, err := b.Recv(ctx); return err },
		"int":   func() error { _, err := connection.Recv[int](ctx, b); return err },
		"point": func() error { _, err := connection.Recv[point](ctx, b); return err },
		"local": func() error { _, err := connection.Recv[local](ctx, b); return err },
		"error": func() error { _, err := connection.Recv[error](ctx, b); return err },
	}
	for name, send := range map[string]func() error{
		"bytes": func() error { return a.SendBytes(ctx, []byte("12345678")) },
		"any":   func() error { return a.Send(ctx, point2) },
		"int":   func() error { return connection.Send(ctx, a, 1) },
		"point": func() error { return connection.Send(ctx, a, point{}) },
		"local": func() error { return connection.Send(ctx, a, local{}) },
		"error": func() error { return connection.Send[error](ctx, a, nil) },
	} {
		if err := send(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for asked, recv := range recvs {
			if asked == name || name == "any" && asked != "bytes" {
				continue
			}
			err := recv()
			var m *connection.MismatchError
			if !errors.As(err, &m) || !errors.Is(err, connection.ErrMismatch) || m.Received {
				t.Errorf("%s received as %s: %v", name, asked, err)
			}
		}
		if err := recvs[name](); err != nil {
			t.Errorf("%s after all: %v", name, err)
		}
	}
	// What an any holds shows only when it was received.
	a.Send(ctx, point2)
	_, err := connection.Recv[int](ctx, b)
	var m *connection.MismatchError
	if !errors.As(err, &m) || !m.Received || m.Value != point2 || !strings.Contains(err.Error(), "string") {
		t.Errorf("got %v", err)
	}
	a.Send(ctx, nil)
	if _, err := connection.Recv[int](ctx, b); !errors.As(err, &m) || !m.Received || m.Value != nil {
		t.Errorf("got %v", err)
	}
	if ok, _ := b.TryPoll(); ok {
		t.Error("there is more")
	}
}

const point2 = "not an int"

// What cannot be sent is not sent.
func TestUnsendable(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 20*time.Second)
	a, b := pipe(t)
	type cyclic struct{ Next *cyclic }
	loop := new(cyclic)
	loop.Next = loop
	for name, err := range map[string]error{
		"channel":    connection.Send(ctx, a, make(chan int)),
		"function":   connection.Send(ctx, a, func() {}),
		"cycle":      connection.Send(ctx, a, loop),
		"unknown":    a.Send(ctx, point{}),
		"by value":   connection.Send(ctx, a, struct{ C connection.Connection }{}),
		"in an any":  a.Send(ctx, []any{1, make(chan int)}),
		"unexported": connection.Send(ctx, a, struct{ x int }{}),
	} {
		if err == nil {
			t.Errorf("%s was sent", name)
		}
	}
	if _, err := connection.Recv[chan int](ctx, b); err == nil {
		t.Error("a channel was received")
	}
	if ok, _ := b.TryPoll(); ok {
		t.Error("something was sent")
	}
}
