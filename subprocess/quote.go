package subprocess

import "strings"

// Quote returns s as one word for a POSIX shell: what it prints, sh reads as s,
// whatever is in it: Python's shlex.quote. Words without characters that mean
// something to a shell stay as they are; "=" and reserved words mean something
// only where a command begins, which is the place of a program's name, not of
// data.
//
// It is for command lines that a shell must interpret. Where none must, no
// quoting is needed: a Cmd's Args are never split. A NUL cannot be in a word; it
// stays, and Start will refuse it. Quote is not for cmd.exe: see [Cmd.ForWindows]
// for that.
func Quote(s string) string {
	if s == "" {
		return "''"
	}
	if strings.IndexFunc(s, isSpecial) < 0 {
		return s
	}
	return "'" + inSingleQuotes(s) + "'"
}

// isSpecial reports whether a shell might do something with r unless it is quoted.
func isSpecial(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune("@%_-+=:,./", r)
}

// inSingleQuotes is s for a place between single quotes, in which nothing has a
// meaning but their end: a quote goes between double ones, outside.
func inSingleQuotes(s string) string { return strings.ReplaceAll(s, "'", `'"'"'`) }
