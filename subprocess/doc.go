// Package subprocess runs other programs, and keeps hold of all that they start.
//
//	c, err := subprocess.Run(ctx, subprocess.Cmd{
//		Args:    []string{"git", "log", "-1", "--format=%s"},
//		Dir:     repo,
//		Capture: true,
//		Check:   true,
//	})
//	if err != nil {
//		return err // "command git log -1 --format=%s: exit status 128: fatal: not a git repository"
//	}
//	fmt.Printf("%s", c.Stdout)
//
// If ctx ends first, git is killed, and what git has started too; Run returns
// when they are dead, with what was captured so far. There is no group to be
// made, no WaitDelay to be set and no goroutine to be written for that.
//
// # The first five minutes
//
// The functions differ in what they return, not in how they run it:
//
//	Run(ctx, cmd)              the end of the program: code, captured output, usage
//	CheckOutput(ctx, cmd)      its output, or an error if it failed
//	Call, CheckCall            its code; nothing but an error if it failed
//	GetOutput(ctx, cmd)        the text that it prints, errors included
//	Lines(ctx, cmd)            its lines, while it writes them
//	Start(ctx, cmd)            the running program
//	Pipeline(a, b, c)          programs that feed one another, as a value
//
// A [Cmd] is plain data. Streams that are not set are inherited, as in Python and
// unlike os/exec; [Pipe], [DevNull], [Stdout], an *os.File and any reader or writer
// redirect them:
//
//	subprocess.Cmd{Args: []string{"make"}, Stdout: log, Stderr: subprocess.Stdout}
//	subprocess.Cmd{Args: []string{"sort", "-u"}, Input: words, Capture: true}
//	subprocess.Shell(`grep -c "$1" *.log | sort`, "grep", pattern)
//
// A program that runs is a [Popen]. One talks to it by [Popen.Communicate], which
// can be called again after a timeout and loses nothing; reads both of its
// streams in order of arrival by [Popen.Lines]; or uses the pipes directly. Where
// nothing else is wanted than the lines, [Lines] is all:
//
//	for line, err := range subprocess.Lines(ctx, subprocess.Cmd{
//		Args: []string{"go", "test", "-json", "./..."}, Stderr: subprocess.Pipe,
//	}) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(line.Stream, line)
//	}
//
// Code is what the program passed to exit, or -9 if it was killed by signal 9.
// A code other than 0 is an error only if Check asks for that: then it is a
// [*CalledProcessError]. A context that ended is a [*TimeoutError], which matches
// the context's error and its cause.
//
// # When to use it
//
// Use it where what was started has to end: in servers, test runners, build
// tools, agents; where output may be large, mixed, or endless; where Python's
// behaviour is wanted by name; where limits, terminals, users or groups are
// needed and are not to be written twice.
//
// Not for Go code of this program: packages multiprocessing and futures/process
// run registered functions in processes, with typed arguments. Not for a program
// that shall replace this one: that is syscall.Exec. Not for a service that is to
// outlive this program and be restarted: that is the work of the system's service
// manager; Cmd.Detach at least leaves alone what was started.
//
// # What ends what
//
//	Run's context ends               the program, and its tree; Run waits for that
//	Start's context ends             the same; Wait and Done tell when
//	Wait's, Communicate's            only the waiting; the program goes on
//	a loop over Lines is left        the tree; a loop over Popen.Lines: nothing
//	Popen.Kill, Popen.Terminate      the tree; the group
//	the program ends                 the rest of its process group, before anybody is told of the end
//	this program ends, or is killed  all that it has started: see below
//	Cmd.Detach                       none of these: it lives on
//
// With [Cmd].Grace the end of a context is SIGTERM for the process group first, and
// the kill comes when the grace is over. Without it the kill comes at once.
//
// # What the tree is
//
// The program has a process group of its own, and is known by a process descriptor
// (pidfd), not by a number that the next process may have. To kill it, it is
// stopped, then everybody below it, until nobody new is found; then all of them
// are killed. Neither ignoring signals, nor a session of its own, nor forking
// without end helps. On Windows the tree is a job object.
//
// A descendant that has left the group by setsid, and whose parent has ended, is
// nobody's any more: that is how daemons are made. It is not found when the
// program has ended by itself, and stays. [Unix].Cgroup closes this gap where the
// program may make control groups: nothing leaves one. This program is never made
// the subreaper of its descendants: what other packages start keeps its parents.
//
// What changes its user, as sudo does, may refuse our signals: Kill reports it
// if that is the program itself, and Run waits until it ends on its own. To run as another user from a privileged program
// use [Unix].User instead: who may start it may kill it.
//
// Such a daemon may have inherited a pipe. Python's communicate, and os/exec's
// Wait without a WaitDelay, wait until it ends. Here Run and Communicate wait for
// [Cmd].Drain after the end of the program, 100 ms by default, and return what has
// come.
//
// # When this program dies
//
// What it has started ends with it, kill -9 included (Linux, Windows):
//
//   - Where conex.Main or conex.Init was called there is a guardian, a small process
//     of this program's executable, started in the background with the first
//     program. It waits for the end of this one, however that comes, and then kills
//     each tree, as above. It is told of a program by shared memory; between the
//     start of a program and that entry lie microseconds, and between the first
//     start and the guardian's own milliseconds, in which a kill -9 leaves
//     something behind. If the guardian itself is killed, another takes its place.
//   - Where it was not called the kernel kills the program itself
//     (PR_SET_PDEATHSIG), but not what that has started in turn. A program that
//     changes its credentials, as a set-user-ID one does, loses this.
//   - A worker of packages multiprocessing and futures/process ends all that it has
//     started itself. Process 1 of a container needs nothing: all ends with it.
//   - On macOS and the BSDs a program survives the kill -9 of its parent.
//
// [Cmd].Grace is not observed then: nobody is left to count it.
//
// # What blocks
//
// Start returns when the program runs, or could not be executed: half a
// millisecond, or as long as a slow file system takes; a context does not cut this
// short. Run and its kin block until the program has ended, and for Drain as long
// as something else holds its pipes. Wait and Communicate do so too, or until
// their context ends; a loop over lines, between two of them. Kill, Terminate,
// SendSignal and Poll do not block.
//
// A program that writes into a [Pipe] which nobody reads waits for ever, and so
// does who waits for it: use Communicate or Lines, or redirect. Wait does not read.
//
// Nobody must be waited for: a program that ends is reaped at once, whether
// anybody asks or not. There are no zombies, and no descriptors left but the ends
// of pipes that the caller asked for.
//
// # Security
//
// No shell runs unless one is asked for: Args go to the program as they are, be
// there spaces, quotes, semicolons or dollars in them. With [Shell] the caller is
// responsible. Pass what is not constant as an argument, which the shell sees as
// "$1", instead of writing it into the command line; where it must be written,
// [Quote] it, which is right for POSIX shells and for no others.
//
// An argument that begins with "-" is an option to most programs, whoever wrote
// it. Put "--" before names that come from outside.
//
// The program inherits the environment, secrets and LD_PRELOAD included. A
// privileged program sets [Cmd].Env to what is needed.
//
// A name without a slash is looked for in PATH, that of Env if Env is set. The
// current directory is never searched, neither by an entry "." nor by an empty one.
// Where it matters which program runs, name it by its absolute path.
//
// A relative name with a slash is relative to [Cmd].Dir, the program's working
// directory, as in Python. Relative names in arguments are so too.
//
// Descriptors are not inherited unless they are in ExtraFiles, or KeepFiles is set;
// also those that C code or the parent of this program has left open are closed.
//
// On Windows the system runs .bat and .cmd files by a command interpreter even if
// nobody asked for a shell, and it splits and expands arguments by rules of its
// own. Arguments that cannot be passed to one safely are refused.
//
// Arguments can be seen by all users of the machine, in ps. Pass secrets by Stdin,
// Env or a descriptor. [Cmd].Secrets keeps those that must be arguments out of
// errors, String and audit events; it does not hide them from the system, nor the
// name of a program or directory that an *fs.PathError tells.
//
// # Costs
//
// On two cores of a virtual machine, beside os/exec and CPython 3.13 in the same
// run; go run ./bench -only subprocess/ takes these figures:
//
//	                               here      os/exec   CPython
//	/bin/true                      0.66 ms   0.60 ms   0.62 ms   nearly all of it the system's
//	64 MiB of output               42 ms     51 ms     60 ms
//	64 MiB through cat and back    43 ms     90 ms     174 ms
//	a million lines                20 ms     38 ms     126 ms    os/exec's by a bufio.Scanner
//	the end of a tree of four      6 ms      5 ms      -         the worst of a hundred, after the grace
//
// What a start takes beyond os/exec's is the look for descriptors that must not
// be inherited, half a microsecond for each that is open; KeepFiles saves it. At
// the end of a tree os/exec's users kill the group, and know of nobody else.
//
// A running program takes two goroutines and two descriptors, and no thread. A
// reader or writer that is no *os.File takes a goroutine and a descriptor more.
// PR_SET_PDEATHSIG takes threads that stay, one for each processor at most, since
// the kernel ties it to the thread that started the program. The guardian takes 3
// MB, of which 0.6 are its own.
//
// # Platforms
//
//	                        Linux                   macOS, BSD            Windows
//	run, streams, text      yes                     yes                   yes
//	kill reaches            the tree                the process group     the job: the tree
//	this program dies       the tree, see above     nothing               the job ends with us
//	sessions, groups, users yes                     yes                   no
//	Umask, Limits, Cgroup   yes                     no                    no
//	PTY                     yes                     no                    no
//	StartupInfo, flags      no                      no                    yes
//
// What a system does not have is refused by an *ArgumentError that names the field
// and matches errors.ErrUnsupported; nothing is ignored silently. What is Windows'
// is tested under wine, where there is one; the other systems are compiled and
// vetted, but not tested.
//
// # Tests
//
// Package subprocesstest plays programs: under the context of a set of them, Run,
// Start and all others start functions instead of processes.
//
// # In Python
//
//	run(args, check=True, …)             Run(ctx, Cmd{Args: args, Check: true, …})
//	  timeout=5                          a ctx with a deadline
//	  input=data                         Cmd.Input
//	  capture_output=True                Cmd.Capture
//	  text=True, encoding=…              Cmd.Text
//	CompletedProcess                     Completed
//	Popen(args, …)                       Start(ctx, Cmd{…})
//	  shell=True                         Shell(line, args...)
//	  cwd, env, executable               Cmd.Dir, Env, Executable
//	  stdin, stdout, stderr              Cmd.Stdin, Stdout, Stderr
//	  PIPE, DEVNULL, STDOUT              Pipe, DevNull, Stdout
//	  close_fds=False, pass_fds          Cmd.KeepFiles, ExtraFiles
//	  start_new_session, process_group   Unix.NewSession, ProcessGroup
//	  user, group, extra_groups, umask   Unix.User, Group, ExtraGroups, Umask
//	  restore_signals=False              Unix.KeepSignals
//	  preexec_fn                         Unix.PreExec, a registered function
//	  startupinfo, creationflags         Windows.StartupInfo, CreationFlags
//	  with Popen(…) as p                 defer p.Close(ctx)
//	p.poll(), p.returncode               Popen.Poll
//	p.wait(timeout), p.communicate()     Popen.Wait, Popen.Communicate
//	p.send_signal, terminate, kill       Popen.SendSignal, Terminate, Kill
//	call, check_call, check_output       Call, CheckCall, CheckOutput
//	getoutput, getstatusoutput           GetOutput, GetStatusOutput
//	CalledProcessError, TimeoutExpired   CalledProcessError, TimeoutError
//	SubprocessError                      ErrSubprocess
//	list2cmdline, shlex.quote, split     List2Cmdline, Quote, Split
//
// docs/python.md has every name, and what changed on the way.
package subprocess
