package mpring

import (
	"errors"
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex/internal/leak"
)

func newMail(t *testing.T) *Mail {
	t.Helper()
	m, err := NewMail()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// parcel is n files, the first of which can be told by what is read from it.
func parcel(t *testing.T, what string, n int) []*os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, what)
	w.Close()
	files := make([]*os.File, n)
	for i := range files {
		files[i] = r
	}
	return files
}

func look2(t *testing.T, m *Mail, number uint64, n int) string {
	t.Helper()
	files, err := m.Look(number, n)
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll(files)
	b, err := io.ReadAll(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestMail(t *testing.T) {
	leak.Check(t)
	m := newMail(t)
	for i := range uint64(5) {
		files := parcel(t, string(rune('a'+i)), 1+int(i)*62)
		if err := m.Send(i, files); err != nil {
			t.Fatal(err)
		}
		files[0].Close()
	}
	// Nobody asks for 0 and 1: they are thrown away.
	if s := look2(t, m, 2, 125); s != "c" {
		t.Fatal(s)
	}
	if _, err := m.Look(2, 124); err != ErrNoMail {
		t.Error("another number of files: ", err)
	}
	m.Drop()
	if _, err := m.Look(2, 125); err != ErrNoMail {
		t.Error("one that is gone: ", err)
	}
	if s := look2(t, m, 3, 187); s != "d" {
		t.Fatal(s)
	}
	m.Clear()
	if _, err := m.Look(4, 249); err != ErrNoMail {
		t.Error("cleared: ", err)
	}
}

// TestMailFull: neither the socket nor the kernel takes any number.
func TestMailFull(t *testing.T) {
	leak.Check(t)
	m := newMail(t)
	files := parcel(t, "x", 1)
	defer files[0].Close()
	n := uint64(0)
	for ; ; n++ {
		if err := m.Send(n, files); errors.Is(err, ErrMailFull) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if n > 1<<20 {
			t.Fatal("no end")
		}
	}
	if s := look2(t, m, n-1, 1); s != "x" { // the last one; the others are thrown away
		t.Fatal(s)
	}
	if err := m.Send(n, files); err != nil {
		t.Error(err)
	}
}

// TestMailNoDescriptors: nothing is lost when the receiver has too many files.
func TestMailNoDescriptors(t *testing.T) {
	m := newMail(t)
	files := parcel(t, "y", 5)
	defer files[0].Close()
	if err := m.Send(7, files); err != nil {
		t.Fatal(err)
	}
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &old)
	first, err := unix.Dup(0) // the lowest free one
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(first)
	few := old
	few.Cur = uint64(first + 2)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	_, err = m.Look(7, 5)
	unix.Setrlimit(unix.RLIMIT_NOFILE, &old)
	if !errors.Is(err, unix.EMFILE) {
		t.Error(err)
	}
	if s := look2(t, m, 7, 5); s != "y" {
		t.Error(s)
	}
}
