package multiprocessing_test

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"testing"

	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/connection"
	"github.com/conexgo/conex/multiprocessing/sharedmemory"
)

// The errors of the packages below are found under the names of this one.
func TestErrorsMatch(t *testing.T) {
	for _, c := range []struct{ err, target error }{
		{multiprocessing.ErrTimeout, context.DeadlineExceeded},
		{multiprocessing.ErrTimeout, multiprocessing.ErrProcess},
		{multiprocessing.ErrOwnerDied, multiprocessing.ErrProcess},
		{multiprocessing.ErrClosed, multiprocessing.ErrProcess},
		{multiprocessing.ErrDaemonChild, multiprocessing.ErrProcess},
		{connection.ErrClosed, multiprocessing.ErrClosed},
		{connection.ErrClosed, multiprocessing.ErrProcess},
		{connection.ErrClosed, os.ErrClosed},
		{connection.ErrBrokenPipe, io.ErrClosedPipe},
		{connection.ErrBrokenPipe, syscall.EPIPE},
		{connection.ErrCorrupt, multiprocessing.ErrCorrupt},
		{sharedmemory.ErrClosed, multiprocessing.ErrClosed},
		{sharedmemory.ErrCorrupt, multiprocessing.ErrCorrupt},
	} {
		if !errors.Is(c.err, c.target) {
			t.Errorf("%q does not match %q", c.err, c.target)
		}
	}
	for _, c := range []struct{ err, target error }{
		{multiprocessing.ErrClosed, multiprocessing.ErrCorrupt},
		{multiprocessing.ErrProcess, multiprocessing.ErrClosed},
		{connection.ErrBrokenPipe, multiprocessing.ErrClosed},
	} {
		if errors.Is(c.err, c.target) {
			t.Errorf("%q matches %q", c.err, c.target)
		}
	}
}
