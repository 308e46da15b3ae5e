package subprocess_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/conexgo/conex/subprocess"
)

func ExampleQuote() {
	name := "it's; rm -rf ~"
	fmt.Println("ls -l " + subprocess.Quote(name))
	// Output: ls -l 'it'"'"'s; rm -rf ~'
}

// A command line as people write it becomes a Cmd without a shell.
func ExampleSplit() {
	line := `/bin/vikings -input eggs.txt -output "spam spam.txt" -cmd "echo '$MONEY'"`
	args, err := subprocess.Split(line)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(args))
	for _, arg := range args {
		fmt.Println(arg)
	}

	_, err = subprocess.Split(`vikings "spam`)
	fmt.Println(err)
	// Output:
	// 7
	// /bin/vikings
	// -input
	// eggs.txt
	// -output
	// spam spam.txt
	// -cmd
	// echo '$MONEY'
	// subprocess: command line: the quote " at byte 8 is not closed
}

func ExampleList2Cmdline() {
	for _, args := range [][]string{
		{"a b c", "d", "e"},
		{`ab"c`, `\`, "d"},
		{`ab"c`, ` \`, "d"},
		{`a\\\b`, "de fg", "h"},
		{`a\"b`, "c", "d"},
		{`a\\b c`, "d", "e"},
		{`a\\b\ c`, "d", "e"},
		{"ab", ""},
	} {
		fmt.Println(subprocess.List2Cmdline(args))
	}
	// Output:
	// "a b c" d e
	// ab\"c \ d
	// ab\"c " \\" d
	// a\\\b "de fg" h
	// a\\\"b c d
	// "a\\b c" d e
	// "a\\b\ c" d e
	// ab ""
}

// A dry run: what would be run, for either system's shell.
func ExampleCmd_ForSh() {
	cmd := subprocess.Command("curl", "--user", "me:s3cret", "https://example.com/?a=1&b=2")
	cmd.Dir = "/srv/my files"
	cmd.Secrets = []string{"s3cret"}
	fmt.Println(cmd.ForSh())
	fmt.Println(cmd.ForWindows())
	// Output:
	// cd '/srv/my files' && curl --user 'me:***' 'https://example.com/?a=1&b=2'
	// cd /d ^"/srv/my files^" && curl --user me:*** https://example.com/?a=1^&b=2
}

// Data goes to a command of the shell by its arguments, and is never a part of it.
func ExampleShell() {
	cmd := subprocess.Shell(`printf '%s\n' "$1" | wc -c`, "sh", "$(reboot)")
	fmt.Println(cmd.ForSh())
	// Output: /bin/sh -c 'printf '"'"'%s\n'"'"' "$1" | wc -c' sh '$(reboot)'
}

// Hooks see what this program starts, and can forbid it.
func ExampleAddAuditHook() {
	remove := subprocess.AddAuditHook(func(e subprocess.AuditEvent) error {
		fmt.Println(e.Executable, e.Args)
		if e.Dir == "/" {
			return errors.New("not there")
		}
		return nil
	})
	defer remove()
	cmd := subprocess.Shell("exit 0")
	cmd.Dir = "/"
	_, err := subprocess.Run(context.Background(), cmd)
	fmt.Println(err, errors.Is(err, subprocess.ErrRefused))
	// Output:
	// /bin/sh [/bin/sh -c exit 0]
	// subprocess: an audit hook refuses the start: /bin/sh: not there true
}
