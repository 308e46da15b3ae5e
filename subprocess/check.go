package subprocess

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"time"
)

// check returns what is wrong with a Cmd, as far as the Cmd itself tells. What
// only the system knows, whether the program is there for example, comes later.
// It opens and changes nothing.
func (c *Cmd) check() error { return c.checkFor(runtime.GOOS) }

// checkFor is check on some system. The first error is what the caller gets.
func (c *Cmd) checkFor(system string) error {
	for _, check := range []func() error{
		c.checkArgs,
		c.checkEnv,
		c.checkStreams,
		c.checkPTY,
		c.checkFiles,
		c.checkNumbers,
		c.checkUnix,
		c.Windows.check,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return c.checkSystem(system)
}

// checkArgs is for Args, Executable and Dir.
func (c *Cmd) checkArgs() error {
	if len(c.Args) == 0 {
		return bad("Args", "empty: it must hold the program at least")
	}
	if c.Args[0] == "" && c.Executable == "" && !c.shell {
		return bad("Args[0]", "empty: it must be the program's name")
	}
	if err := checkNULs(c.Args, "Args"); err != nil {
		return err
	}
	if err := checkNUL(c.Executable, "Executable"); err != nil {
		return err
	}
	return checkNUL(c.Dir, "Dir")
}

// checkNUL refuses what the system would cut at its NUL. The value is not shown:
// it may be a secret.
func checkNUL(s, field string) error {
	if i := strings.IndexByte(s, 0); i >= 0 {
		return bad(field, "has a NUL at byte %d, and programs would see only what is before it", i)
	}
	return nil
}

// checkNULs is checkNUL for each of them.
func checkNULs(ss []string, field string) error {
	for i, s := range ss {
		if strings.IndexByte(s, 0) >= 0 {
			return checkNUL(s, fmt.Sprintf("%s[%d]", field, i))
		}
	}
	return nil
}

// checkEnv is for Env.
func (c *Cmd) checkEnv() error {
	if err := checkNULs(c.Env, "Env"); err != nil {
		return err
	}
	for i, entry := range c.Env {
		// On Windows the current directories of drives are in names like "=C:".
		from := 0
		if strings.HasPrefix(entry, "=") && runtime.GOOS == "windows" {
			from = 1
		}
		switch strings.IndexByte(entry[from:], '=') {
		case -1:
			return bad(fmt.Sprintf("Env[%d]", i), `has no "=": an entry is "NAME=value", with an empty value "NAME="`)
		case 0:
			return bad(fmt.Sprintf("Env[%d]", i), `has no name before the "=": an entry is "NAME=value"`)
		}
	}
	return nil
}

// checkNumbers is for what must not be negative.
func (c *Cmd) checkNumbers() error {
	for _, n := range []struct {
		field string
		value int64
		zero  string
	}{
		{"MaxCapture", c.MaxCapture, "no limit"},
		{"Grace", int64(c.Grace), "no grace"},
		{"PipeSize", int64(c.PipeSize), "the default"},
		{"Limits.Memory", c.Limits.Memory, "our own limit"},
		{"Limits.CPU", int64(c.Limits.CPU), "our own limit"},
		{"Limits.Files", int64(c.Limits.Files), "our own limit"},
		{"Limits.FileSize", c.Limits.FileSize, "our own limit"},
		{"Limits.Processes", int64(c.Limits.Processes), "our own limit"},
	} {
		if n.value < 0 {
			return bad(n.field, "%d is negative: it must be positive, or 0 for %s", n.value, n.zero)
		}
	}
	if c.Limits.CPU > math.MaxInt64-time.Second { // it is rounded up
		return bad("Limits.CPU", "%v is too long: leave it 0 for no limit", c.Limits.CPU)
	}
	if c.PipeSize > math.MaxInt32 {
		return bad("PipeSize", "%d is more than any system allows", c.PipeSize)
	}
	return nil
}

// checkFiles is for ExtraFiles.
func (c *Cmd) checkFiles() error {
	most := mostFiles()
	for number, f := range c.ExtraFiles {
		field := fmt.Sprintf("ExtraFiles[%d]", number)
		switch {
		case number < 3:
			return bad(field, "numbers are from 3 on: 0, 1 and 2 are Stdin, Stdout and Stderr")
		case number >= most:
			return bad(field, "a program may have numbers below %d only", most)
		case f == nil:
			return bad(field, "a nil file: leave out the numbers that are not to be open")
		}
		if err := checkOpen(f); err != nil {
			return bad(field, "the file is not open: %w", err)
		}
	}
	return nil
}

// manyFiles bounds the list that is made of all numbers up to the highest.
const manyFiles = 1 << 20

// checkOpen returns an error that matches os.ErrClosed for a closed file. It
// leaves the file as it is; Fd would make it blocking.
func checkOpen(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	if raw.Control(func(uintptr) {}) != nil {
		return os.ErrClosed
	}
	return nil
}
