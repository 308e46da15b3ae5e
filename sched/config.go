package sched

// A Config says how a [Scheduler] works. The zero value is the default, and is
// what the zero Scheduler has.
type Config struct {
	// Clock is where the time comes from; nil stands for the system's clock.
	Clock Clock

	// OnError is called with each event whose action has returned an error,
	// on the goroutine that ran it. What it returns instead is the error of
	// the Run: nil goes on with the next event. Nil stands for a function that
	// returns err.
	//
	// It is where a daemon logs what failed and goes on. A job goes on with
	// its next time either way, unless OnError calls [Job.Cancel]. A schedule
	// that turns out to be bad is reported like an error of the action.
	OnError func(ev *Event, err error) error
}

// New returns an empty scheduler. It does not start anything.
func New(c Config) *Scheduler { return &Scheduler{clock: c.Clock, onError: c.OnError} }
