package subprocess

import (
	"cmp"
	"runtime"
	"slices"
	"strings"
)

// String is the Cmd as one would type it into this system's shell: [Cmd.ForSh], or
// [Cmd.ForWindows] on Windows. It is what to print instead of running the Cmd.
func (c Cmd) String() string {
	if runtime.GOOS == "windows" {
		return c.ForWindows()
	}
	return c.ForSh()
}

// GoString is like String: a Cmd that is printed with %#v shows no secrets, either.
func (c Cmd) GoString() string { return "subprocess.Cmd(" + c.String() + ")" }

// GoString is like String, for the same reason.
func (p *Popen) GoString() string { return p.String() }

// ForSh is the Cmd as a line for sh, also on Windows: every argument is quoted,
// so that sh hands on exactly these, and Secrets are masked. Dir shows as a cd.
//
// The rest of the Cmd does not show. Env in particular does not: that is where
// passwords are. If there is an Executable, it shows in the place of Args[0].
func (c Cmd) ForSh() string {
	words := c.words()
	if c.shell {
		words = append([]string{cmp.Or(c.mask(c.Executable), defaultShell, "/bin/sh"), shellFlag}, c.shownArgs()...)
	}
	for i, word := range words {
		words[i] = Quote(word)
	}
	// Not quoted these would be an assignment or a part of the syntax of sh.
	if len(words) > 0 && (strings.Contains(words[0], "=") || slices.Contains(reserved, words[0])) {
		words[0] = "'" + strings.Trim(words[0], "'") + "'"
	}
	line := strings.Join(words, " ")
	if c.Dir != "" {
		line = "cd " + Quote(cdOperand(c.mask(c.Dir))) + " && " + line
	}
	return line
}

// reserved are the words of sh that are no commands, and those of bash.
var reserved = strings.Fields("if then else elif fi do done case esac while until for in function select time coproc")

// cdOperand is a directory that cd does not take for an option or for the last
// one, and does not look for in CDPATH.
func cdOperand(dir string) string {
	if first, _, _ := strings.Cut(dir, "/"); first == "" || first == "." || first == ".." {
		return dir
	}
	return "./" + dir
}

// ForWindows is the Cmd as a line for the prompt of cmd.exe, also on Unix: every
// argument is quoted as [List2Cmdline] does and then for cmd.exe itself, and
// Secrets are masked. Dir shows as a cd.
//
// Line breaks and NULs cannot be typed there and show as U+FFFD. In a batch file
// percent signs mean something else than at the prompt.
func (c Cmd) ForWindows() string {
	line := c.mask(c.Windows.CommandLine)
	if line == "" && c.shell {
		line = shellLine(cmp.Or(c.mask(c.Executable), "cmd.exe"), strings.Join(c.shownArgs(), " "))
	} else if line == "" {
		line = List2Cmdline(c.words())
	}
	line = forPrompt(line)
	if c.Dir != "" {
		line = "cd /d " + forPrompt(List2Cmdline([]string{c.mask(c.Dir)})) + " && " + line
	}
	return line
}

// forPrompt escapes what means something to cmd.exe, the quotes among it: a text
// that cmd.exe sees no quotes in has one rule only.
func forPrompt(line string) string {
	var b strings.Builder
	for _, r := range line {
		switch r {
		case '(', ')', '%', '!', '^', '"', '<', '>', '&', '|':
			b.WriteByte('^')
		case '\r', '\n', 0:
			r = '\uFFFD'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// words are the program and its arguments with the Secrets masked.
func (c *Cmd) words() []string {
	words := c.shownArgs()
	if c.Executable != "" && len(words) > 0 {
		words[0] = c.mask(c.Executable)
	}
	return words
}

// shownArgs are the arguments with the Secrets masked.
func (c *Cmd) shownArgs() []string { return maskAll(c.masker(), c.Args) }

// mask is s with the Secrets masked.
func (c *Cmd) mask(s string) string { return c.masker()(s) }

// masker returns what replaces each Secret by "***", also where it was quoted for
// a shell. Secrets that touch or overlap each other become one.
func (c *Cmd) masker() func(string) string {
	var secrets []string
	for _, secret := range c.Secrets {
		if secret != "" {
			secrets = append(secrets, secret, inSingleQuotes(secret), strings.ReplaceAll(secret, "'", `'\''`), escapeWindows(secret))
		}
	}
	if secrets == nil {
		return func(s string) string { return s }
	}
	slices.Sort(secrets)
	secrets = slices.Compact(secrets)
	return func(s string) string { return maskIn(s, secrets) }
}

// maskIn replaces all occurrences of secrets, also those that overlap another one
// of the same.
func maskIn(s string, secrets []string) string {
	var hidden []bool // by byte
	for _, secret := range secrets {
		for from := 0; ; {
			i := strings.Index(s[from:], secret)
			if i < 0 {
				break
			}
			if hidden == nil {
				hidden = make([]bool, len(s))
			}
			from += i
			for j := range len(secret) {
				hidden[from+j] = true
			}
			from++
		}
	}
	if hidden == nil {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		switch {
		case !hidden[i]:
			b.WriteByte(s[i])
		case i == 0 || !hidden[i-1]:
			b.WriteString("***")
		}
	}
	return b.String()
}
