package subprocess

// A StartupInfo says how the window of a program for Windows begins, and which
// handles it gets: Python's STARTUPINFO. The zero value says nothing. It may be
// copied, and shared by many Cmds: nobody changes it.
type StartupInfo struct {
	// Flags say which of the other fields count, and more: [StartfUseStdHandles],
	// [StartfUseShowWindow], [StartfForceOnFeedback], [StartfForceOffFeedback].
	Flags uint32

	// StdInput, StdOutput and StdError are handles that the program gets as its
	// standard streams, if Flags has StartfUseStdHandles and the Cmd says
	// nothing about that stream. They stay the caller's.
	StdInput, StdOutput, StdError uintptr

	// ShowWindow is how the first window shows, if Flags has StartfUseShowWindow:
	// [SWHide], or another value of Windows' ShowWindow but SW_SHOWDEFAULT.
	ShowWindow uint16

	// HandleList are other handles that the program inherits, under the same
	// numbers, and must be inheritable: Python's lpAttributeList with its one
	// entry "handle_list". Everything else is closed in it.
	HandleList []uintptr
}

// Names for the fields of a StartupInfo.
const (
	StartfUseShowWindow    uint32 = 0x00000001 // ShowWindow counts
	StartfForceOnFeedback  uint32 = 0x00000040 // the busy cursor while the program starts
	StartfForceOffFeedback uint32 = 0x00000080 // the cursor as it is
	StartfUseStdHandles    uint32 = 0x00000100 // StdInput, StdOutput and StdError count

	SWHide uint16 = 0 // no window
)

// The numbers by which Windows' GetStdHandle knows the standard streams.
const (
	StdInputHandle  = -10
	StdOutputHandle = -11
	StdErrorHandle  = -12
)

// swShowDefault is the value that means that of this field.
const swShowDefault = 10

// knownStartf are the flags that mean something here.
const knownStartf = StartfUseShowWindow | StartfForceOnFeedback | StartfForceOffFeedback | StartfUseStdHandles

// check says what is wrong with the values.
func (s *StartupInfo) check() error {
	const field = "Windows.StartupInfo."
	switch {
	case s == nil:
		return nil
	case s.Flags&^knownStartf != 0:
		return bad(field+"Flags", "%#x is no flag of those that are known", s.Flags&^knownStartf)
	case s.Flags&StartfForceOnFeedback != 0 && s.Flags&StartfForceOffFeedback != 0:
		return bad(field+"Flags", "StartfForceOnFeedback and StartfForceOffFeedback exclude each other")
	case s.Flags&StartfUseShowWindow != 0 && s.ShowWindow == swShowDefault:
		return bad(field+"ShowWindow", "SW_SHOWDEFAULT stands for this very field: take another value, or leave StartfUseShowWindow out")
	}
	for i, h := range s.HandleList {
		if h == 0 || h == ^uintptr(0) {
			return bad(field+"HandleList", "no handle at index %d: %#x", i, h)
		}
	}
	return nil
}
