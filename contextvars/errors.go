package contextvars

import (
	"context"
	"errors"
	"fmt"
)

var (
	// ErrLookup is matched by the error of [Var.Get] when the variable has
	// neither a value nor a default.
	ErrLookup = errors.New("contextvars: variable is not set")

	// ErrKey is matched by the error of [Value] when the Context has no
	// value for the variable. It matches ErrLookup too.
	ErrKey = fmt.Errorf("%w in this Context", ErrLookup)

	// ErrNoContext is matched by errors of [Var.Set] and [Var.Do]
	// under a context.Context that carries no [Context].
	ErrNoContext = errors.New("contextvars: this context.Context carries no contextvars.Context to set variables in: " +
		"use the ctx of conex.Main, call NewContext().Run(ctx, fn), or set the variable for what you call with Var.With")

	// ErrEntered is matched by the error of [Context.Run] while another
	// Run of the same Context has not returned.
	ErrEntered = errors.New("contextvars: the Context is entered already: run a Copy of it")

	// ErrTokenUsed is matched by the error of [Var.Reset] with a token that
	// has been used.
	ErrTokenUsed = errors.New("contextvars: the Token has been used")

	// ErrWrongVar is matched by the error of [Var.Reset] with a token that
	// another variable made, or none.
	ErrWrongVar = errors.New("contextvars: the Token was made by another variable")

	// ErrWrongContext is matched by the error of [Var.Reset] with a token
	// that was made in another Context than the current one, or when there is none.
	ErrWrongContext = errors.New("contextvars: the Token was made in another Context")

	// ErrZeroVar is matched by errors about a Var that [NewVar] did not make.
	ErrZeroVar = errors.New("contextvars: a Var must be made by NewVar")

	// ErrNilFunc is matched by errors about a nil function.
	ErrNilFunc = errors.New("contextvars: nil function")
)

// lookupError says that the variable is not set in ctx.
func (v *core) lookupError(ctx context.Context) error {
	switch {
	case v.id == 0:
		return fmt.Errorf("%w: %w", ErrLookup, ErrZeroVar)
	case !carries(ctx):
		return fmt.Errorf("%w: %q has no default, and the context.Context carries no contextvars.Context", ErrLookup, v.name)
	}
	return fmt.Errorf("%w: %q has neither a value nor a default", ErrLookup, v.name)
}

func carries(ctx context.Context) bool {
	s, i := holderOf(ctx)
	return s != nil || i != nil
}

// wrap adds the variable's name to err.
func (v *core) wrap(err error) error { return fmt.Errorf("%w (variable %q)", err, v.name) }
