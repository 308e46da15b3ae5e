package subprocess

import "strings"

// List2Cmdline joins arguments to a command line in the way in which programs
// for Windows split theirs, those built with Microsoft's C library and with Go
// among them: Python's list2cmdline. It does so on every system. Start does it
// itself; one needs it for Windows.CommandLine, or to show what happens.
//
//   - Arguments are separated by a space. One that is empty, or has a space or a
//     tab in it, stands in double quotes; other white space needs none.
//   - A double quote in an argument gets a backslash before it.
//   - Backslashes stand for themselves, but those before a double quote, one that
//     ends an argument included, are doubled.
//
// These are not the rules of cmd.exe, nor of the batch files that it runs: to them a
// command line made so may say something else, which [Start] prevents, and whoever
// hands it over otherwise must prevent.
func List2Cmdline(args []string) string {
	var b strings.Builder
	for i, arg := range args {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(quoteWindows(arg))
	}
	return b.String()
}

// quoteWindows is one argument of a command line.
func quoteWindows(arg string) string {
	if arg != "" && !strings.ContainsAny(arg, " \t") {
		return escapeWindows(arg)
	}
	end := strings.TrimRight(arg, `\`)
	return `"` + escapeWindows(arg) + arg[len(end):] + `"`
}

// escapeWindows puts a backslash before each double quote, and doubles those that
// are there already.
func escapeWindows(arg string) string {
	if !strings.Contains(arg, `"`) {
		return arg
	}
	var b strings.Builder
	slashes := 0
	for i := range len(arg) {
		switch arg[i] {
		case '\\':
			slashes++
		case '"':
			for range slashes + 1 {
				b.WriteByte('\\')
			}
			slashes = 0
		default:
			slashes = 0
		}
		b.WriteByte(arg[i])
	}
	return b.String()
}
