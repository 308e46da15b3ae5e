package subprocess

import (
	"bytes"
	"context"
)

// Call runs a program and returns its code: Python's call. Nothing of its output
// is kept, so Stdout and Stderr must not be [Pipe]. The errors are those of
// [Run].
func Call(ctx context.Context, cmd Cmd) (code int, err error) {
	if cmd.Capture {
		return 0, bad("Capture", "Call has nowhere to return it: use Run or CheckOutput")
	}
	if cmd.Stdout == Pipe {
		return 0, bad("Stdout", "Call has nowhere to return it: use Run or CheckOutput, or say DevNull")
	}
	if cmd.Stderr == Pipe {
		return 0, bad("Stderr", "Call has nowhere to return it: use Run, or say DevNull")
	}
	c, err := Run(ctx, cmd)
	return c.Code, err
}

// CheckCall is [Call] with Cmd.Check set: Python's check_call.
func CheckCall(ctx context.Context, cmd Cmd) error {
	cmd.Check = true
	_, err := Call(ctx, cmd)
	return err
}

// CheckOutput runs a program and returns what it writes to its standard output,
// which must not be set: Python's check_output. Stderr may be: [Stdout] for both
// in one, [Pipe] for an error that tells what the program had to say, for which
// Capture stands, too. Cmd.Check is set. The errors are those of [Run]; the
// output is valid with them.
func CheckOutput(ctx context.Context, cmd Cmd) ([]byte, error) {
	if cmd.Stdout != nil && cmd.Stdout != Pipe {
		return nil, bad("Stdout", "CheckOutput returns it: leave it nil")
	}
	if !cmd.Capture && cmd.PTY == nil {
		cmd.Stdout = Pipe
	}
	cmd.Check = true
	c, err := Run(ctx, cmd)
	return c.Stdout, err
}

// GetOutput is [GetStatusOutput] without the code: Python's getoutput.
func GetOutput(ctx context.Context, cmd Cmd) (string, error) {
	_, text, err := GetStatusOutput(ctx, cmd)
	return text, err
}

// GetStatusOutput runs a program, in most cases a line of [Shell], and returns
// its code and all that it writes to its standard output and error, which must
// not be set, as text without the newline at its end: Python's getstatusoutput.
// Of several newlines only the last one goes. If Cmd.Text is nil it is
// &Text{}. The errors are those of [Run]; a code that is not 0 is none, unless
// Cmd.Check is set.
func GetStatusOutput(ctx context.Context, cmd Cmd) (code int, text string, err error) {
	switch {
	case cmd.Capture:
		return 0, "", bad("Capture", "GetOutput and GetStatusOutput return both outputs in one: leave it out")
	case cmd.Stdout != nil && cmd.Stdout != Pipe:
		return 0, "", bad("Stdout", "GetOutput and GetStatusOutput return it: leave it nil")
	case cmd.Stderr != nil && cmd.Stderr != Stdout:
		return 0, "", bad("Stderr", "GetOutput and GetStatusOutput return it with Stdout: leave it nil")
	}
	if cmd.PTY == nil {
		cmd.Stdout, cmd.Stderr = Pipe, Stdout
	}
	if cmd.Text == nil {
		cmd.Text = &Text{}
	}
	c, err := Run(ctx, cmd)
	return c.Code, string(bytes.TrimSuffix(c.Stdout, []byte("\n"))), err
}
