package subprocess

// Windows is what a Cmd can say only on Windows. The zero value changes nothing;
// elsewhere anything else is an error that matches errors.ErrUnsupported. All of it
// compiles everywhere, so a Cmd for Windows needs no file of its own.
type Windows struct {
	// StartupInfo, if not nil, is how the program's window begins, and which
	// handles it gets. It is not changed.
	StartupInfo *StartupInfo

	// CreationFlags are a sum of flags like [CreateNewConsole] and of one of the
	// priority classes.
	CreationFlags uint32

	// CommandLine, if not empty, is what the program gets as it is: a string in
	// place of a list for Python's args. It has the program's name in it, too;
	// which file that is, Args[0] or Executable says. Other Args are not looked
	// at. Nothing is quoted, so nothing may be in it that comes from elsewhere.
	CommandLine string
}

// Flags for Windows.CreationFlags. [CreateNewProcessGroup] is always set: a program
// has a group of its own, as it has a job.
const (
	CreateNewConsole         uint32 = 0x00000010 // a console of its own
	CreateNewProcessGroup    uint32 = 0x00000200 // a group of its own, which CtrlBreak reaches; not with CreateNewConsole
	CreateNoWindow           uint32 = 0x08000000 // a console without a window
	DetachedProcess          uint32 = 0x00000008 // no console; not with CreateNewConsole
	CreateDefaultErrorMode   uint32 = 0x04000000 // the default error mode, not ours
	CreateBreakawayFromJob   uint32 = 0x01000000 // outside of a job that we are in, if that allows it
	AboveNormalPriorityClass uint32 = 0x00008000
	BelowNormalPriorityClass uint32 = 0x00004000
	HighPriorityClass        uint32 = 0x00000080
	IdlePriorityClass        uint32 = 0x00000040
	NormalPriorityClass      uint32 = 0x00000020 // the default
	RealtimePriorityClass    uint32 = 0x00000100 // before the system's own threads: almost never wise
)

// priorityClasses are the flags of which there may be one.
const priorityClasses = AboveNormalPriorityClass | BelowNormalPriorityClass | HighPriorityClass |
	IdlePriorityClass | NormalPriorityClass | RealtimePriorityClass

// createSuspended is Windows' own flag for a program that waits to be let go, which
// nobody would do.
const createSuspended = 0x00000004

// check says what is wrong with the values.
func (w *Windows) check() error {
	f := w.CreationFlags
	class := f & priorityClasses
	switch {
	case f&CreateNewConsole != 0 && f&DetachedProcess != 0:
		return bad("Windows.CreationFlags", "CreateNewConsole and DetachedProcess exclude each other")
	case class&(class-1) != 0:
		return bad("Windows.CreationFlags", "%#x has more than one priority class", class)
	case f&createSuspended != 0:
		return bad("Windows.CreationFlags", "CREATE_SUSPENDED (4) would leave the program waiting for ever")
	}
	if err := checkNUL(w.CommandLine, "Windows.CommandLine"); err != nil {
		return err
	}
	return w.StartupInfo.check()
}
