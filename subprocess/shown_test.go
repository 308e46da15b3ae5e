package subprocess

import (
	"fmt"
	"strings"
	"testing"
)

func TestShown(t *testing.T) {
	for _, test := range []struct {
		cmd         Cmd
		sh, windows string
	}{
		{Cmd{}, "", ""},
		{Command("git", "commit", "-m", "it's a start"), `git commit -m 'it'"'"'s a start'`, `git commit -m ^"it's a start^"`},
		{Cmd{Args: []string{"ls"}, Dir: "/a b"}, "cd '/a b' && ls", `cd /d ^"/a b^" && ls`},
		{Cmd{Args: []string{"ls"}, Dir: "../x"}, "cd ../x && ls", "cd /d ../x && ls"},
		{Cmd{Args: []string{"ls"}, Dir: ".x"}, "cd ./.x && ls", "cd /d .x && ls"},
		{Cmd{Args: []string{"ls"}, Dir: "-"}, "cd ./- && ls", "cd /d - && ls"},
		{Cmd{Args: []string{"sh", "-l"}, Executable: "/bin/dash"}, "/bin/dash -l", "/bin/dash -l"},
		{Command("A=b", "C=d"), "'A=b' C=d", "A=b C=d"},
		{Command("if", "fi"), "'if' fi", "if fi"},
		{Command("x", "%PATH%", "a&b", `"`, "a\nb", "c d\\"), `x %PATH% 'a&b' '"' 'a` + "\n" + `b' 'c d\'`,
			`x ^%PATH^% a^&b \^" a` + "\uFFFD" + `b ^"c d\\^"`},
		{Cmd{Args: []string{"x"}, Env: []string{"TOKEN=1"}}, "x", "x"},
		{Shell("echo $1 | wc"), "/bin/sh -c 'echo $1 | wc'", `cmd.exe /s /c ^"echo $1 ^| wc^"`},
		{Shell("echo $1", "sh", "a b"), "/bin/sh -c 'echo $1' sh 'a b'", `cmd.exe /s /c ^"echo $1 sh a b^"`},
		{Cmd{Args: []string{"exit"}, shell: true, Executable: "/bin/bash"}, "/bin/bash -c exit", `/bin/bash /s /c ^"exit^"`},
		{Cmd{Args: []string{"x", "y"}, Windows: Windows{CommandLine: `x "a`}}, "x y", `x ^"a`},

		{Cmd{Args: []string{"curl", "-u", "me:s3cret", "https://s3cret@h/"}, Secrets: []string{"s3cret"}},
			"curl -u 'me:***' 'https://***@h/'", "curl -u me:*** https://***@h/"},
		{Cmd{Args: []string{"x", "abcde", "cd"}, Secrets: []string{"abc", "", "cd", "de"}}, "x '***' '***'", "x *** ***"},
		{Cmd{Args: []string{"x", "aaaa!"}, Secrets: []string{"aa"}}, "x '***!'", "x ***^!"},
		{Cmd{Args: []string{"x", "no"}, Secrets: []string{""}}, "x no", "x no"},
		{Cmd{Args: []string{"x"}, Dir: "/tok", Secrets: []string{"tok"}}, "cd '/***' && x", "cd /d /*** && x"},
		{Cmd{Args: []string{"prog"}, Executable: "/opt/tok/prog", Secrets: []string{"tok"}}, "'/opt/***/prog'", "/opt/***/prog"},
		// One that was quoted for the command of a shell.
		{Cmd{Args: Shell("login " + Quote("it's")).Args, shell: true, Secrets: []string{"it's"}},
			`/bin/sh -c 'login '"'"'***'"'"''`, `cmd.exe /s /c ^"login '***'^"`},
		{Cmd{Args: []string{"x"}, Windows: Windows{CommandLine: `x p\"w`}, Secrets: []string{`p"w`}}, "x", "x ***"},
	} {
		if got := test.cmd.ForSh(); got != test.sh {
			t.Errorf("for sh:\n%s\nwant\n%s", got, test.sh)
		}
		if got := test.cmd.ForWindows(); got != test.windows {
			t.Errorf("for Windows:\n%s\nwant\n%s", got, test.windows)
		}
		for _, secret := range test.cmd.Secrets {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
				if got := fmt.Sprintf(verb, test.cmd); secret != "" && strings.Contains(got, secret) {
					t.Errorf("%s shows the secret %q: %s", verb, secret, got)
				}
			}
		}
	}
}

// No secret is ever seen, and what is none stays as it is.
func FuzzMask(f *testing.F) {
	f.Add("abcabcabd", "abc", "cab")
	f.Add("it's", "t's", "'")
	f.Fuzz(func(t *testing.T, s, a, b string) {
		if strings.Contains(s, "*") || strings.Contains(a+b, "*") {
			return // what is put in its place might hold it
		}
		c := Cmd{Secrets: []string{a, b}}
		got := c.mask(s)
		for _, secret := range c.Secrets {
			if secret != "" && strings.Contains(got, secret) {
				t.Errorf("%q shows %q", got, secret)
			}
		}
		if rest := strings.ReplaceAll(got, "***", ""); got == s && (a != "" && strings.Contains(s, a)) || len(rest) > len(s) {
			t.Errorf("%q became %q", s, got)
		}
	})
}

func TestShorten(t *testing.T) {
	long := strings.Repeat("é", 150) + strings.Repeat("z", 150)
	for in, want := range map[string]string{
		"":                        "",
		"plain é":                 "plain é",
		"a\nb\x1b[31m\x00\xff":    `a\nb\x1b[31m\x00\xff`,
		"\u202e":                  `\u202e`,
		strings.Repeat("é", 200):  strings.Repeat("é", 200),
		long:                      strings.Repeat("é", 100) + " ... " + strings.Repeat("z", 100),
		strings.Repeat("\n", 300): strings.Repeat(`\n`, 100) + " ... " + strings.Repeat(`\n`, 100),
	} {
		if got := shorten(in); got != want {
			t.Errorf("shorten(%q) = %q", in, got)
		}
	}
}
