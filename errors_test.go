package conex_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/remote"
)

var errNoSeats = errors.New("no seats left")

type fareError struct {
	Fare  float64
	Cause error
}

func (e *fareError) Error() string { return fmt.Sprintf("fare %v: %v", e.Fare, e.Cause) }
func (e *fareError) Unwrap() error { return e.Cause }

func init() {
	conex.RegisterError("conex_test.errNoSeats", errNoSeats)
	conex.RegisterType[*fareError]("conex_test.fareError")
}

// reply holds errors the way users put them into results.
type reply struct {
	Err  error
	Errs []error
}

func TestRemoteError(t *testing.T) {
	t.Parallel()
	original := fmt.Errorf("booking: %w", errors.Join(errNoSeats, &fareError{9.5, syscall.ENOENT}))
	err, rest, failed := remote.Read(remote.Append(nil, original))
	if failed != nil || len(rest) != 0 {
		t.Fatal(failed, rest)
	}
	var re *conex.RemoteError
	if !errors.As(err, &re) || re.Type != "*fmt.wrapError" || re.Msg != original.Error() || re.Error() != re.Msg {
		t.Fatalf("%#v", err)
	}
	for _, target := range []error{errNoSeats, syscall.ENOENT, fs.ErrNotExist, os.ErrNotExist} {
		if !errors.Is(err, target) {
			t.Errorf("does not match %v", target)
		}
	}
	if errors.Is(err, io.EOF) {
		t.Error("matches io.EOF")
	}
	var fare *fareError
	if !errors.As(err, &fare) || fare.Fare != 9.5 || fare.Cause != syscall.ENOENT {
		t.Errorf("fare %#v", fare)
	}

	// Sent on by the process that received it, it is the same error still.
	again, _, failed := remote.Read(remote.Append(nil, err))
	var second *conex.RemoteError
	if failed != nil || !errors.As(again, &second) || second.Type != re.Type || second.Msg != re.Msg || !errors.Is(again, errNoSeats) {
		t.Errorf("second border: %v, %#v", failed, again)
	}
}

func TestErrorFields(t *testing.T) {
	t.Parallel()
	in := reply{Err: fmt.Errorf("x: %w", io.EOF), Errs: []error{nil, io.EOF, errNoSeats, &fareError{1, errNoSeats}}}
	data, err := codec.Append(nil, &in)
	if err != nil {
		t.Fatal(err)
	}
	var out reply
	if _, err := codec.Read(data, &out); err != nil {
		t.Fatal(err)
	}
	if _, ok := out.Err.(*conex.RemoteError); !ok || !errors.Is(out.Err, io.EOF) {
		t.Errorf("Err is %#v", out.Err)
	}
	if len(out.Errs) != 4 || out.Errs[0] != nil || out.Errs[1] != io.EOF || out.Errs[2] != errNoSeats {
		t.Errorf("Errs are %#v", out.Errs)
	}
	if fare, ok := out.Errs[3].(*fareError); !ok || fare.Cause != errNoSeats {
		t.Errorf("Errs[3] is %#v", out.Errs[3])
	}
}

func TestRegisterMisuse(t *testing.T) {
	t.Parallel()
	for what, f := range map[string]func(){
		"error, nil":        func() { conex.RegisterError("conex_test.nil", nil) },
		"error, no name":    func() { conex.RegisterError("", errors.New("x")) },
		"error, name taken": func() { conex.RegisterError("io.EOF", errors.New("x")) },
		"type, interface":   func() { conex.RegisterType[error]("conex_test.error") },
		"type, second name": func() { conex.RegisterType[*fareError]("conex_test.other") },
		"type, name taken":  func() { conex.RegisterType[fareError]("conex_test.fareError") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", what)
				}
			}()
			f()
		}()
	}
}

var errFull = errors.New("full")

func init() { conex.RegisterError("example.errFull", errFull) }

func ExampleRegisterError() {
	// What a worker's function returned, as its caller gets it.
	sent := remote.Append(nil, fmt.Errorf("adding: %w", errFull))
	err, _, _ := remote.Read(sent)
	fmt.Println(err, errors.Is(err, errFull))
	// Output: adding: full true
}
