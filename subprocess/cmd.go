package subprocess

import (
	"io"
	"os"
	"time"
)

// A Cmd says what to run and how. It is plain data: it is not changed by being
// run, may be copied, and may be run many times, also at the same time if its
// readers and writers allow that. Only Args is required.
//
//	subprocess.Cmd{Args: []string{"git", "status"}, Dir: repo, Capture: true}
//
// [Command] and [Shell] make one in a line.
type Cmd struct {
	// Args is the program and its arguments, as the program gets them: no shell
	// splits or expands anything. A program without a slash in its name is
	// looked for in the directories of PATH, that of Env if Env is set, but not
	// in the current directory: see [LookPath].
	Args []string

	// Executable, if not empty, is the program that runs; Args[0] is only what
	// it is told that it is called. In a Cmd of [Shell] it is the shell to use.
	Executable string

	// Dir is the program's working directory. Empty means ours. A relative name
	// of a program that has a slash is relative to it.
	Dir string

	// Env is the whole environment, each entry "NAME=value". Nil means ours; an
	// empty slice that is not nil means none at all. Of several values for one
	// name the last one holds, so that one can append to os.Environ().
	Env []string

	// Stdin is where the program reads from: nil for what we read from, [Pipe]
	// for Popen.Stdin, [DevNull], an *os.File, which the program gets as it is,
	// or any other reader, which is copied through a pipe until the program
	// ends, or closes it.
	Stdin io.Reader

	// Stdout and Stderr are where the program writes to: nil for where we write
	// to, [Pipe] for Popen.Stdout or what Run captures, [DevNull], an *os.File,
	// or any other writer, to which it is copied through a pipe. Stderr may be
	// [Stdout]: the same as Stdout, whatever that is. A writer that both have
	// gets what is written in the order in which it was, by one Write at a time.
	//
	// In package os/exec nil is the null device; here, as in Python, it means
	// that nothing is redirected.
	Stdout, Stderr io.Writer

	// Input is written to the program's standard input, which is closed after
	// it. It excludes Stdin. An Input that is empty but not nil is an end of
	// file at once. It is for Run and its kin; Start refuses it.
	Input []byte

	// Capture makes Run collect what the program writes: Stdout and Stderr are
	// Pipe. It excludes setting them. MaxCapture, if not 0, is how much of each
	// is kept at most, in bytes; a program that writes more is killed, and the
	// error is an *OutputError.
	Capture    bool
	MaxCapture int64

	// Check makes Run return a *CalledProcessError if the program's code is not
	// 0.
	Check bool

	// Text, if not nil, says how bytes are made of text for the program and text
	// of what it writes. If nil bytes stay what they are.
	Text *Text

	// Grace is how long the program's group has for an end of its own after
	// SIGTERM, when its context ends, before the whole tree is killed. 0 kills
	// it at once. Run's error says how it ended. Windows has no SIGTERM: there
	// it is as 0.
	Grace time.Duration

	// Drain is how long Run and Communicate wait for the end of the output when
	// the program has ended, but something that it started still holds its
	// pipes: a daemon, say. The default, 0, is 100 ms; a negative value means
	// until they are closed, as in Python.
	Drain time.Duration

	// Detach leaves alone what the program starts, and the program itself: it
	// gets a session of its own, and is not killed when its context ends, when
	// we end, or with the group at the end of its parent. Only Popen's methods
	// reach it. It is for daemons.
	Detach bool

	// ExtraFiles are descriptors that the program gets under the numbers that
	// are the keys, from 3 on. Everything else is closed in it, unless
	// KeepFiles is set: then it also gets descriptors of ours that are not
	// close-on-exec. Go's own all are.
	ExtraFiles map[int]*os.File
	KeepFiles  bool

	// PTY, if not nil, runs the program at a terminal of its own, which is its
	// standard input, output and error; Stdin, Stdout and Stderr must be nil or
	// Pipe. What is written to Popen.Stdin is typed, Popen.Stdout has what it
	// shows.
	PTY *PTY

	// PipeSize is the size of new pipes in bytes (Linux). The default, 0, is the
	// system's for pipes that we hand to the caller, and what is quick for
	// those that we read.
	PipeSize int

	// BufSize is the size of the buffer that Popen.Stdout and Popen.Stderr read
	// with, and Popen.Stdin writes with if it is positive. The default, 0, is
	// 64 KiB for reading and none for writing; a negative value means none.
	BufSize int

	// Limits are what the program may use.
	Limits Limits

	// Secrets are strings that String, errors and audit events show as "***",
	// wherever they occur in an argument.
	Secrets []string

	// Unix and Windows are what only these systems have. On the others all of
	// it must be zero.
	Unix    Unix
	Windows Windows

	shell bool // made by Shell
}

// Command returns a Cmd that runs a program with arguments.
func Command(program string, args ...string) Cmd {
	return Cmd{Args: append([]string{program}, args...)}
}

// Limits are what a program may use; 0 means what we may. They are inherited by
// what it starts, each with the whole amount, and are the system's resource
// limits on Linux; elsewhere setting one is an error that matches
// errors.ErrUnsupported. They are set by tracing the program for its first
// moment, in which a set-user-ID program gets no rights of its owner's.
type Limits struct {
	Memory    int64         // writable private memory in bytes: more is an error for the program (RLIMIT_DATA)
	CPU       time.Duration // processor time, rounded up to seconds: then SIGXCPU, a second later SIGKILL (RLIMIT_CPU)
	Files     int           // open descriptors (RLIMIT_NOFILE)
	FileSize  int64         // length of a file that it writes in bytes: then SIGXFSZ (RLIMIT_FSIZE)
	Processes int           // processes and threads of its user (RLIMIT_NPROC)
	Core      int64         // length of a core dump in bytes (RLIMIT_CORE); negative for none
}

// A PTY is a terminal for a program: see [Cmd]. The zero value has 24 rows and 80
// columns.
type PTY struct {
	Rows, Cols uint16
}
