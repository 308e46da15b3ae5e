package subprocess

// A CtrlEvent is a signal for Popen.SendSignal on Windows, which reaches all of
// the program's group that share its console. Elsewhere sending one is an error.
type CtrlEvent uint32

const (
	// CtrlC is Python's CTRL_C_EVENT. A program in a group of its own, as ours
	// are, ignores it, until it asks for it.
	CtrlC CtrlEvent = 0
	// CtrlBreak is Python's CTRL_BREAK_EVENT, which ends who does nothing about
	// it.
	CtrlBreak CtrlEvent = 1
)

// Signal makes it an os.Signal.
func (CtrlEvent) Signal() {}

// String returns Windows' name.
func (e CtrlEvent) String() string {
	if e == CtrlC {
		return "CTRL_C_EVENT"
	}
	return "CTRL_BREAK_EVENT"
}
