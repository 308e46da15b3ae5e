package futures

// A State is where a future is on its way:
//
//	Pending → Running → Finished
//	Pending → Cancelled
//
// and nothing else. (An executor's author may also finish a pending future
// directly.)
type State int

// The states of a future.
const (
	Pending   State = iota // waits for a worker
	Running                // a worker has it
	Cancelled              // was cancelled while pending
	Finished               // has a result or an error
)

var stateNames = [...]string{"pending", "running", "cancelled", "finished"}

// String returns the state's name in lower case.
func (s State) String() string {
	if s < 0 || int(s) >= len(stateNames) {
		return "unknown"
	}
	return stateNames[s]
}
