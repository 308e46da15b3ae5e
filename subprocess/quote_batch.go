package subprocess

import (
	"fmt"
	"strings"
)

// Windows runs a batch file by cmd.exe, whoever starts it and however. cmd.exe
// interprets the command line by rules of its own, which those of List2Cmdline do
// not know: an argument like `"&calc` would run a program. What cannot be said
// safely is refused:
//
//   - A percent sign expands variables also between quotes, and no way to write one
//     holds for all settings of cmd.exe.
//   - A double quote ends the quotes for cmd.exe, whatever is before it, and the
//     ways to write one differ between cmd.exe and the program that the batch file
//     hands it on to.
//   - At a line break the command line ends.
//
// Everything else stands for itself between double quotes, in cmd.exe without
// delayed expansion, as it is started here. What a batch file does with %~1, which
// takes the quotes off, is out of our hands.
//
// These are the rules that came out when the hole was found in many languages
// (CVE-2024-24576, https://blog.rust-lang.org/2024/04/09/cve-2024-24576.html), with
// refusal instead of the ways around that some of them have.

// isBatch reports whether Windows takes a file for a batch file. It does not see
// dots and spaces at the end of a name (CVE-2024-43402).
func isBatch(path string) bool {
	path = strings.ToLower(strings.TrimRight(path, ". "))
	return strings.HasSuffix(path, ".bat") || strings.HasSuffix(path, ".cmd")
}

// batchLine is a command line for cmd.exe that runs a batch file with arguments.
func batchLine(shell, script string, args []string) (string, error) {
	if err := checkBatch("Args[0]", script); err != nil {
		return "", err
	}
	var b strings.Builder
	// Extensions as batch files expect them, no delayed expansion, no programs
	// from the registry, and the outer quotes off.
	b.WriteString(quoteWindows(shell) + ` /e:ON /v:OFF /d /s /c ""` + script + `"`)
	for i, arg := range args {
		if err := checkBatch(fmt.Sprintf("Args[%d]", i+1), arg); err != nil {
			return "", err
		}
		b.WriteString(" " + quoteBatch(arg))
	}
	b.WriteByte('"')
	return b.String(), nil
}

// checkBatch refuses what a batch file cannot be given.
func checkBatch(field, arg string) error {
	if i := strings.IndexAny(arg, "\"%\r\n"); i >= 0 {
		return bad(field, "has %q, which no batch file can be given safely: hand it over in Env or in a file, or run the program that the batch file runs", arg[i])
	}
	return nil
}

// quoteBatch is an argument of a batch file that checkBatch has let pass. The
// doubled backslashes at its end are for the program that gets it in the end.
func quoteBatch(arg string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(`#$*+-./:?@\_`, r)
	}
	if arg != "" && !strings.HasSuffix(arg, `\`) && strings.IndexFunc(arg, func(r rune) bool { return !plain(r) }) < 0 {
		return arg
	}
	end := strings.TrimRight(arg, `\`)
	return `"` + arg + arg[len(end):] + `"`
}
