package track

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/internal/current"
)

type thread string

func (t thread) Name() string { return string(t) }

func as(name string) context.Context {
	return context.WithValue(context.Background(), current.Key{}, thread(name))
}

func TestOff(t *testing.T) {
	if On() || Watched() {
		t.Fatal("on from the start")
	}
	Hold(context.Background(), new(int), 0)
	Begin(context.Background(), new(int), 0)()
	var b bytes.Buffer
	if err := Dump(&b); err != nil || b.String() != "0 waiting, 0 held\n" {
		t.Errorf("%v: %s", err, &b)
	}
}

// Three threads in a circle, one outside that waits for it, one that holds
// something else.
func TestDump(t *testing.T) {
	if Set(true) || !Set(true) || !On() {
		t.Fatal("switch")
	}
	defer Set(false)
	locks := [4]*[1]int{}
	for i, n := range []string{"ann", "bob", "cat"} {
		locks[i] = new([1]int)
		Hold(as(n), locks[i], 0)
	}
	locks[3] = new([1]int)
	Hold(context.Background(), locks[3], 0)
	for i, n := range []string{"ann", "bob", "cat"} {
		defer Begin(as(n), locks[(i+1)%3], 0)()
	}
	defer Begin(as("dan"), locks[0], 0)()
	end := Begin(as("eve"), locks[3], 0)
	var b bytes.Buffer
	Dump(&b)
	out := b.String()
	for _, want := range []string{
		"5 waiting, 4 held\n",
		"\ndeadlock:\n\tann waits for [1]int 0x", "held by bob\n", "held by cat\n", "held by ann\n",
		"held by no thread for ", "    dan waits for it for ", "    eve waits for it for ", "TestDump", "track_test.go:",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if n := strings.Count(out, "deadlock:"); n != 1 {
		t.Errorf("%d deadlocks in\n%s", n, out)
	}
	end()
	Drop(locks[3])
	Drop(locks[2])
	b.Reset()
	Dump(&b)
	if out = b.String(); !strings.HasPrefix(out, "4 waiting, 2 held\n") || strings.Contains(out, "deadlock") ||
		!strings.Contains(out, "waited for by bob") {
		t.Errorf("afterwards:\n%s", out)
	}
	if !Set(false) || On() {
		t.Error("switch")
	}
	b.Reset()
	if Dump(&b); b.String() != "0 waiting, 0 held\n" {
		t.Errorf("switched off: %s", &b)
	}
}

func TestSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []Slow
		SetSlow(time.Second, func(s Slow) { got = append(got, s) })
		defer SetSlow(0, nil)
		if !Watched() || On() {
			t.Error("switch")
		}
		for _, d := range []time.Duration{0, time.Second - 1, time.Second, time.Minute} {
			end := Begin(as("ann"), t, 0)
			time.Sleep(d)
			end()
		}
		SetSlow(0, nil)
		if Watched() {
			t.Error("still on")
		}
		if len(got) != 2 || got[0].Waited != time.Second || got[1].Waited != time.Minute ||
			got[0].Thread.Name() != "ann" || got[0].Obj != t || len(got[0].Stack) == 0 {
			t.Errorf("got %+v", got)
		}
	})
}
