package subprocess_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/conexgo/conex/subprocess"
)

// The tests of hooks do not run in parallel with others, which would be seen.
func TestAudit(t *testing.T) {
	var seen []subprocess.AuditEvent
	var order []string
	record := func(name string, err error) func(subprocess.AuditEvent) error {
		return func(e subprocess.AuditEvent) error {
			seen, order = append(seen, e), append(order, name)
			e.Args[0] = "changed" // it is a copy
			return err
		}
	}
	no := errors.New("not on my watch")
	removeFirst := subprocess.AddAuditHook(record("first", nil))
	defer removeFirst()
	defer subprocess.AddAuditHook(record("second", nil))()

	if _, err := subprocess.Run(t.Context(), subprocess.Command("no-such-program")); err == nil || len(seen) > 0 {
		t.Errorf("a program that is not there: %v, %v", err, seen)
	}

	dir := t.TempDir()
	cmd := subprocess.Shell("exit 0 # s3cret")
	cmd.Secrets, cmd.Dir = []string{"s3cret"}, dir
	if _, err := subprocess.Run(t.Context(), cmd); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(order, []string{"first", "second"}) {
		t.Fatal(order)
	}
	e := seen[1]
	e.Args = seen[0].Args
	if !filepath.IsAbs(e.Executable) || e.Dir != dir || e.Env != nil || len(e.Args) == 0 ||
		strings.Contains(strings.Join(e.Args, " "), "s3cret") || !strings.Contains(strings.Join(e.Args, " "), "***") || seen[1].Args[0] != "changed" {
		t.Errorf("%+v", e)
	}

	// The one that refuses is the last one that is asked.
	remove := subprocess.AddAuditHook(record("third", no))
	defer subprocess.AddAuditHook(record("fourth", nil))()
	order = nil
	cmd.Env = []string{"TOKEN=s3cret"}
	_, err := subprocess.Run(t.Context(), cmd)
	if !errors.Is(err, no) || !errors.Is(err, subprocess.ErrRefused) || !errors.Is(err, subprocess.ErrSubprocess) {
		t.Error(err)
	}
	if !slices.Equal(order, []string{"first", "second", "third"}) {
		t.Error(order)
	}
	if got := seen[len(seen)-1].Env; !slices.Equal(got, []string{"TOKEN=***"}) {
		t.Error(got)
	}

	remove()
	remove()
	removeFirst()
	order = nil
	if _, err := subprocess.Run(t.Context(), cmd); err != nil || !slices.Equal(order, []string{"second", "fourth"}) {
		t.Error(order, err)
	}
}

func TestAuditNil(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a nil hook was taken")
		}
	}()
	subprocess.AddAuditHook(nil)
}

func TestAuditConcurrent(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				remove := subprocess.AddAuditHook(func(subprocess.AuditEvent) error { return nil })
				if _, err := subprocess.Run(t.Context(), subprocess.Shell("exit 0")); err != nil {
					t.Error(err)
				}
				remove()
			}
		})
	}
	wg.Wait()
}
