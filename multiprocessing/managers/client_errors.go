package managers

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/conexgo/conex/internal/watch"
	"github.com/conexgo/conex/pickle"
)

// Errors of clients, to be tested with errors.Is.
var (
	// ErrServerGone says that the connection to the server ended before the
	// answer came. It matches io.ErrUnexpectedEOF as well. All references
	// are gone with a server, and with the first connection to it.
	ErrServerGone = &goneError{}

	// ErrUnknownOutcome says that a call may have had its effect or not: the
	// request was sent, and no answer came. Nothing is ever sent again then.
	ErrUnknownOutcome = errors.New("managers: it is not known whether the call took effect")

	// ErrProtocol says that the server answered what no server should.
	ErrProtocol = errors.New("managers: not an answer of a manager's server")

	// ErrPrivateName says that a name begins with an underscore: such names are
	// the proxy's own in Python, and never reach the shared object.
	ErrPrivateName = errors.New("managers: names that begin with _ are not shared")

	errNoProxy = fmt.Errorf("%w: this has no proxy: make it with its New or Of function", ErrClosed)
)

type goneError struct{}

func (*goneError) Error() string { return "managers: the server is gone" }

// Is reports whether target is io.ErrUnexpectedEOF.
func (*goneError) Is(target error) bool { return target == io.ErrUnexpectedEOF }

// gone says that a connection ended, and whether after a request was sent.
func gone(err error, sent bool) error {
	if sent {
		return fmt.Errorf("%w: %w: %w", ErrServerGone, err, ErrUnknownOutcome)
	}
	return fmt.Errorf("%w: %w", ErrServerGone, err)
}

// silent says that no answer came within the grace after ctx had ended.
func silent(ctx context.Context) error {
	return fmt.Errorf("%w: %w", ErrUnknownOutcome, watch.Reason(ctx))
}

func badAnswer(to string, v any) error {
	return fmt.Errorf("%w: to %s: %s", ErrProtocol, to, pickle.ReprMax(v, 200))
}

// An aliasError is an error that stands for another one too.
type aliasError struct{ err, as error }

func (e *aliasError) Error() string   { return e.err.Error() }
func (e *aliasError) Unwrap() []error { return []error{e.err, e.as} }

// alias makes err match as if it is an exception of the class.
func alias(err, class, as error) error {
	if err != nil && errors.Is(err, class) && !errors.Is(err, ErrRemote) {
		return &aliasError{err, as}
	}
	return err
}

// A waitError is a wait that ran out.
type waitError struct{ busy, reason error }

func (e *waitError) Error() string   { return e.busy.Error() + ": " + e.reason.Error() }
func (e *waitError) Unwrap() []error { return []error{e.busy, e.reason} }
