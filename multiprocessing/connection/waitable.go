package connection

// A Waitable is something that [Wait] waits for: a Connection, the end of a
// process, a channel, or a type of your own.
//
// Ready reports whether there is something to be had, without blocking. Await
// arranges that wake is called whenever Ready may have become true since Await
// was called, until stop is called; too often does no harm, nor does a call that
// was about to be made when stop was. Wake may be called from any goroutine,
// also before Await returns; it does not block. Both are safe for concurrent
// use.
type Waitable interface {
	Ready() bool
	Await(wake func()) (stop func())
}

// Sentinel returns a Waitable that is ready once done is closed: the Done
// channel of a context, for example, or of a process. Nothing must be sent to
// the channel.
func Sentinel(done <-chan struct{}) Waitable { return &sentinel{done} }

type sentinel struct{ done <-chan struct{} }

func (s *sentinel) Ready() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

func (s *sentinel) Await(wake func()) (stop func()) {
	quit, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		select {
		case <-s.done:
			wake()
		case <-quit:
		}
	}()
	return func() {
		close(quit)
		<-over
	}
}
