package lowlevel

import (
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"

	"github.com/conexgo/conex/threading"
)

// InterruptMain does as if sig had come for the main thread; nil stands for
// os.Interrupt. No signal is sent, and nothing is interrupted at once.
//
// If somebody has asked with [NotifyMain] to be told of sig, they are.
// Otherwise an os.Interrupt ends the context that conex.Main has handed out,
// with a cause that matches threading.ErrInterrupted and context.Canceled,
// unless the program ignores interrupts (signal.Ignore); any other signal does
// nothing, whatever the system would do to the process.
//
// The error is [ErrSignal] if there is no such signal, and matches
// threading.ErrNoThread if there is a context to be ended but the program does
// not run under conex.Main.
func InterruptMain(sig os.Signal) error {
	if sig == nil {
		sig = os.Interrupt
	}
	if n, ok := sig.(syscall.Signal); ok && (n < 1 || n > 64) {
		return fmt.Errorf("%w: %d", ErrSignal, int(n))
	}
	if subscribers.tell(sig) || sig != os.Interrupt || signal.Ignored(sig) {
		return nil
	}
	return threading.InterruptMain()
}

// NotifyMain makes [InterruptMain] tell c of the signals sigs, or of all if
// there are none, until stop is called; it takes the place of a handler
// installed by Python's signal.signal. InterruptMain does not wait for c to
// have room, so give it a buffer. Signals that the system sends come from
// signal.Notify, which may be given the same c.
func NotifyMain(c chan<- os.Signal, sigs ...os.Signal) (stop func()) {
	return subscribers.add(&subscriber{c, slices.Clone(sigs)})
}

type subscriber struct {
	c    chan<- os.Signal
	sigs []os.Signal
}

type subscriberList struct {
	mu  sync.Mutex
	all []*subscriber // protected by mu
}

var subscribers subscriberList

func (l *subscriberList) add(s *subscriber) (remove func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, s)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.all = slices.DeleteFunc(l.all, func(o *subscriber) bool { return o == s })
	}
}

// tell reports whether anybody wanted to know.
func (l *subscriberList) tell(sig os.Signal) (told bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.all {
		if len(s.sigs) == 0 || slices.Contains(s.sigs, sig) {
			told = true
			select {
			case s.c <- sig:
			default:
			}
		}
	}
	return told
}
