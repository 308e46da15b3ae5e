package multiprocessing_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"testing"

	mp "github.com/conexgo/conex/multiprocessing"
)

var semNames atomic.Int32

// semName is a name that nobody has.
func semName(testing.TB) string {
	return fmt.Sprintf("/conex-test-%d-%d", os.Getpid(), semNames.Add(1))
}

// Where processes cannot share semaphores the constructors say so.
func TestSemaphoreUnsupported(t *testing.T) {
	name := semName(t)
	named := func() error {
		s, err := mp.CreateNamedSemaphore(name, 1)
		if err == nil {
			defer s.Unlink()
			_, err = mp.OpenNamedSemaphore(name)
		}
		return err
	}
	linux := runtime.GOOS == "linux"
	cases := []struct {
		name      string
		supported bool
		make      func() error
	}{
		{"Semaphore", linux, func() error { _, err := mp.NewSemaphore(1); return err }},
		{"BoundedSemaphore", linux, func() error { _, err := mp.NewBoundedSemaphore(1); return err }},
		{"CreateNamedSemaphore", linux && ^uint(0)>>63 == 1, named},
		{"OpenNamedSemaphore", false, func() error {
			_, err := mp.OpenNamedSemaphore("/conex-no-such-semaphore")
			if linux && ^uint(0)>>63 == 1 && errors.Is(err, os.ErrNotExist) {
				return errors.ErrUnsupported // as it should be here
			}
			return err
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := c.make()
			if c.supported && err != nil || !c.supported && !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("on %s, %s: %v", runtime.GOOS, runtime.GOARCH, err)
			}
		})
	}
}
