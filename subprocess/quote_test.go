package subprocess_test

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/conexgo/conex/subprocess"
)

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"":            "''",
		"abc":         "abc",
		"a b":         "'a b'",
		"it's":        `'it'"'"'s'`,
		"'":           `''"'"''`,
		"$HOME":       "'$HOME'",
		"a=b":         "a=b",
		"a/b.c,d:e@f": "a/b.c,d:e@f",
		"-x+%_":       "-x+%_",
		"~":           "'~'",
		"#":           "'#'",
		"é":           "'é'",
		"\xff":        "'\xff'",
		"a\nb":        "'a\nb'",
	} {
		if got := subprocess.Quote(in); got != want {
			t.Errorf("Quote(%q) = %q, want %q", in, got, want)
		}
	}
}

// said is what a real shell makes of words.
func said(t testing.TB, words string) string {
	t.Helper()
	out, err := exec.CommandContext(context.Background(), "/bin/sh", "-c", `printf '%s\0' `+words).Output()
	if err != nil {
		t.Fatalf("sh: %q: %v", words, err)
	}
	return string(out)
}

func FuzzQuote(f *testing.F) {
	if _, err := exec.LookPath("/bin/sh"); err != nil {
		f.Skip("no /bin/sh")
	}
	for _, s := range []string{"", "a b", "it's", "$(id)", "`id`", "\\", "\n", "*", "!", "\xff\xfe", "'\"'\"'", "-n", "~root"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsRune(s, 0) || len(s) > 1<<16 {
			return // a NUL cannot be in a word
		}
		quoted := subprocess.Quote(s)
		if got := said(t, quoted+" "+quoted); got != s+"\x00"+s+"\x00" {
			t.Errorf("sh reads %q as %q", quoted, got)
		}
		if got, err := subprocess.Split(quoted + " " + quoted); err != nil || !slices.Equal(got, []string{s, s}) {
			t.Errorf("Split reads %q as %q, %v", quoted, got, err)
		}
	})
}

func TestSplit(t *testing.T) {
	for in, want := range map[string][]string{
		"":                     nil,
		" \t\r\n":              nil,
		"a":                    {"a"},
		" a  b\tc\nd\r":        {"a", "b", "c", "d"},
		"''":                   {""},
		`"" ''`:                {"", ""},
		`a''b`:                 {"ab"},
		`a"b c"d`:              {"ab cd"},
		`'a"b'`:                {`a"b`},
		`"a'b"`:                {"a'b"},
		`a\ b`:                 {"a b"},
		`'a\b'`:                {`a\b`},
		`"a\b\"\\"`:            {`a\b"\`},
		`\'`:                   {"'"},
		"a\\\nb":               {"a\nb"},
		"\"a\\\nb\"":           {"a\\\nb"},
		"a#b # c":              {"a#b", "#", "c"},
		"a;b|c $d `e` *":       {"a;b|c", "$d", "`e`", "*"},
		"\u00a0x\v":            {"\u00a0x\v"},
		"caf\xe9 'x\xff'":      {"caf\xe9", "x\xff"},
		`\"a b\" 'c'"d"\ e\\f`: {`"a`, `b"`, `cd e\f`},
	} {
		if got, err := subprocess.Split(in); err != nil || !slices.Equal(got, want) {
			t.Errorf("Split(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	for in, about := range map[string]string{
		`'`:        "byte 0",
		`ab "cd e`: "byte 3",
		`a\`:       "backslash",
		`"a\`:      "backslash",
		`"a\"`:     "byte 0",
		`'a\`:      "byte 0",
	} {
		got, err := subprocess.Split(in)
		if !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, subprocess.ErrInvalidArgument) || !strings.Contains(err.Error(), about) || got != nil {
			t.Errorf("Split(%q) = %q, %v, which should say %q", in, got, err, about)
		}
	}
}

// Split reads what Quote writes.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{"", "a b", `'a' "b\" c" d\e`, `"`, `\`, "\x00", "a\\\nb"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		words, err := subprocess.Split(s)
		if err != nil {
			if words != nil || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("Split(%q) = %q, %v", s, words, err)
			}
			return
		}
		quoted := make([]string, len(words))
		for i, w := range words {
			quoted[i] = subprocess.Quote(w)
		}
		again, err := subprocess.Split(strings.Join(quoted, " "))
		if err != nil || !slices.Equal(words, again) {
			t.Errorf("%q became %q, %v", words, again, err)
		}
	})
}

func TestList2Cmdline(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, ""},
		{[]string{"a b c", "d", "e"}, `"a b c" d e`},
		{[]string{`ab"c`, `\`, "d"}, `ab\"c \ d`},
		{[]string{`ab"c`, ` \`, "d"}, `ab\"c " \\" d`},
		{[]string{`a\\\b`, "de fg", "h"}, `a\\\b "de fg" h`},
		{[]string{`a\"b`, "c", "d"}, `a\\\"b c d`},
		{[]string{`a\\b c`, "d", "e"}, `"a\\b c" d e`},
		{[]string{`a\\b\ c`, "d", "e"}, `"a\\b\ c" d e`},
		{[]string{"ab", ""}, `ab ""`},
		{[]string{"", "a"}, `"" a`},
		{[]string{"a\tb", "a\nb", "a\u00a0b"}, "\"a\tb\" a\nb a\u00a0b"},
		{[]string{`C:\a b\`}, `"C:\a b\\"`},
		{[]string{`\"`, `\\" `}, `\\\" "\\\\\" "`},
	} {
		if got := subprocess.List2Cmdline(test.args); got != test.want {
			t.Errorf("List2Cmdline(%q) = %s, want %s", test.args, got, test.want)
		}
	}
}

// crtSplit splits a command line by Microsoft's rules for what is behind the
// program's name: written from their description, not from List2Cmdline.
func crtSplit(line string) (args []string) {
	i := 0
	for {
		for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
			i++
		}
		if i == len(line) {
			return args
		}
		var arg []byte
		quoted := false
		for ; i < len(line); i++ {
			slashes := 0
			for i < len(line) && line[i] == '\\' {
				slashes++
				i++
			}
			if i < len(line) && line[i] == '"' {
				arg = append(arg, strings.Repeat(`\`, slashes/2)...)
				if slashes%2 == 1 {
					arg = append(arg, '"')
				} else {
					quoted = !quoted
				}
				continue
			}
			arg = append(arg, strings.Repeat(`\`, slashes)...)
			if i == len(line) || !quoted && (line[i] == ' ' || line[i] == '\t') {
				break
			}
			arg = append(arg, line[i])
		}
		args = append(args, string(arg))
	}
}

func FuzzList2Cmdline(f *testing.F) {
	f.Add("a b", `c\"d`, "")
	f.Add(`\`, `\\" \`, "\t")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		args := []string{a, b, c}
		line := subprocess.List2Cmdline(args)
		if got := crtSplit(line); !slices.Equal(got, args) {
			t.Errorf("%q became %s, which is read as %q", args, line, got)
		}
	})
}
