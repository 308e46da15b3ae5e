// Package subprocesstest plays programs for tests: code that runs others by
// package subprocess can be tested without them.
//
//	func TestDeploy(t *testing.T) {
//		t.Parallel()
//		cmds := subprocesstest.New(t)
//		cmds.Handle("git", func(c *subprocesstest.Call) int {
//			fmt.Fprintln(c.Stdout, "main")
//			return 0
//		})
//		branch, err := deploy.Branch(cmds.Context(t.Context()))
//		...
//	}
//
// The set of commands travels in the context, so tests may run in parallel, PATH
// stays as it is, and the code under test needs no seam of its own: it has to
// pass its context on to package subprocess, no more.
//
// # Who plays a program
//
// In this order:
//
//   - what [Commands.Expect] waits for next, if it is this call;
//   - the function of [Commands.Handle];
//   - the real program, if [Commands.Real] lets it;
//   - nobody: the start fails as that of a program which is not there, with an
//     error that matches fs.ErrNotExist. But if Expect has named the program, the
//     call is one too many, or out of order: then the test fails as well, and the
//     error matches [ErrUnexpected].
//
// A program has the name that the code under test uses, or the last element of
// that: a function for "git" also plays "/usr/bin/git". Commands of
// subprocess.Shell are run by "sh", with the text in Args[2]; no shell reads it.
//
// # What is played, and what is not
//
// A program that is played is a function on a goroutine. It has real pipes, so
// that all the code between them and the caller is the product's: what is
// captured, copied, limited, decoded or cut off is so here. It has a number as
// its process id that no process has, it gets signals and dies of them, it may
// be one stage of a pipeline among real ones, and the programs that it starts
// with its own context die with it.
//
// But it is no process. It has no rusage, limits, control group, user, umask or
// working directory: Call.Cmd says what was asked for, and the function of
// Unix.PreExec does not run. Whether the working directory exists is not looked
// at. Signals have the numbers and the effects of Unix, also on Windows.
// subprocess.LookPath has no context, and finds real programs only.
//
// In a bubble of testing/synctest a program that hangs is durably blocked, but
// whoever reads from a pipe is not: time passes only for programs whose output
// is not captured.
//
// # When a process has died
//
// A process that is killed executes no further instruction, and holds no file. So
// when a [Call] has ended, its files are closed, and whoever uses its streams or
// methods ends, as by runtime.Goexit, which runs what is deferred. A function
// that loops for ever must use one of them, or watch its context: the test waits
// for all functions at its end, and fails if one does not return.
package subprocesstest
