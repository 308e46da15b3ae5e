package wire

import (
	"context"
	"errors"
	"testing"

	"github.com/conexgo/conex/internal/codec"
)

func TestRead(t *testing.T) {
	why, got := errors.New("why"), ""
	f := New("wire.read", func(_ context.Context, s string) (chan int, error) {
		got = s
		return nil, why
	}, nil)
	if _, err := f.Read(new(codec.Decoder)); err == nil {
		t.Error("no argument, no error")
	}
	g := New("wire.read2", func(_ context.Context, s string) (int, error) {
		got = s
		return 1, why
	}, nil)
	var e codec.Encoder
	arg := "it"
	if err := g.AppendArg(&e, &arg); err != nil {
		t.Fatal(err)
	}
	call, err := g.Read(&codec.Decoder{Buf: e.Buf})
	if err != nil || got != "" {
		t.Fatalf("%v, called with %q", err, got)
	}
	if err := call(context.Background()); err != why || got != "it" {
		t.Errorf("%v, called with %q", err, got)
	}
}
