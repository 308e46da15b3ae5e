//go:build unix

package wait

import (
	"bytes"
	"io"
	"os"
	"testing"
	"time"
)

// pair returns two ends; the second blocks in the kernel every other time.
func pair(t *testing.T) (a, b *Conn) {
	t.Helper()
	a, f, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	if pairs++; pairs%2 == 0 {
		b, err = OpenBlocking(f)
	} else {
		b, err = Open(f)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

func TestFrames(t *testing.T) {
	a, b := pair(t)
	sizes := []int{0, 1, 4, 5, 4091, 4096, 70_000, 1 << 20}
	go func() {
		for i, n := range sizes {
			a.Ring()
			a.Ring()
			a.Send(byte(i+1), bytes.Repeat([]byte{byte(i)}, n), nil)
		}
		a.Close()
	}()
	for i, n := range sizes {
		fr, ok, err := b.Recv(true)
		for ok && fr.Type == Bell {
			fr, ok, err = b.Recv(true)
		}
		if err != nil || !ok || fr.Type != byte(i+1) || !bytes.Equal(fr.Payload, bytes.Repeat([]byte{byte(i)}, n)) {
			t.Fatalf("frame %d: type %d with %d bytes, %v", i, fr.Type, len(fr.Payload), err)
		}
	}
	if _, _, err := b.Recv(true); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

func TestRecvDoesNotBlock(t *testing.T) {
	a, b := pair(t)
	if _, ok, err := b.Recv(false); ok || err != nil {
		t.Errorf("empty: %v, %v", ok, err)
	}
	a.Send(1, []byte("x"), nil)
	if fr, ok, err := b.Recv(false); !ok || err != nil || string(fr.Payload) != "x" {
		t.Errorf("got %v, %v, %v", fr, ok, err)
	}
	a.Close()
	if _, _, err := b.Recv(false); err != io.EOF {
		t.Errorf("closed: %v", err)
	}
}

func TestRingNeverBlocks(t *testing.T) {
	a, b := pair(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 100_000 {
			if err := a.Ring(); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("Ring blocks when nobody reads")
	}
	if fr, ok, err := b.Recv(true); !ok || err != nil || fr.Type != Bell {
		t.Errorf("got %v, %v, %v", fr, ok, err)
	}
}

func TestFiles(t *testing.T) {
	a, b := pair(t)
	for i := range 5 {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Send(byte(i+1), []byte("here"), w); err != nil {
			t.Fatal(err)
		}
		w.Close()
		fr, ok, err := b.Recv(true)
		if !ok || err != nil || fr.Type != byte(i+1) {
			t.Fatalf("got %v, %v, %v", fr, ok, err)
		}
		f := b.File()
		if f == nil {
			t.Fatal("no descriptor came")
		}
		f.WriteString("through")
		f.Close()
		if got, _ := io.ReadAll(r); string(got) != "through" {
			t.Errorf("got %q", got)
		}
		r.Close()
	}
	if b.File() != nil {
		t.Error("a descriptor too many")
	}
}

func TestCloseUnblocks(t *testing.T) {
	a, b := pair(t)
	got := make(chan error, 1)
	go func() {
		_, _, err := b.Recv(true)
		got <- err
	}()
	a.Close()
	if err := <-got; err != io.EOF {
		t.Errorf("got %v", err)
	}
	if _, _, err := b.Recv(true); err != io.EOF {
		t.Errorf("again: %v", err)
	}
}

func TestBackoff(t *testing.T) {
	var b Backoff
	allowed := 0
	for range 1000 {
		if b.Allow() {
			allowed++
			b.Report(false)
		}
	}
	if allowed < 10 || allowed > 30 {
		t.Errorf("%d of 1000 spins in vain were allowed", allowed)
	}
	for !b.Allow() {
	}
	b.Report(true)
	for range 10 {
		if !b.Allow() {
			t.Fatal("success is not remembered")
		}
		b.Report(true)
	}
}

func TestUntil(t *testing.T) {
	if !Until(func() bool { return true }, 0) {
		t.Error("true is not seen")
	}
	start := time.Now()
	if Until(func() bool { return false }, time.Millisecond) {
		t.Error("false became true")
	}
	if time.Since(start) < time.Millisecond {
		t.Error("gave up early")
	}
}

var pairs int

// Each of the tests with the other kind of end.
func TestBlocking(t *testing.T) {
	for name, f := range map[string]func(*testing.T){"frames": TestFrames, "not blocking": TestRecvDoesNotBlock,
		"ring": TestRingNeverBlocks, "files": TestFiles, "close": TestCloseUnblocks} {
		for range 2 {
			pairs++
			t.Run(name, f)
		}
	}
}
