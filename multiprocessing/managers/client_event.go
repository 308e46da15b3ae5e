package managers

import "context"

// An Event is a flag in a server that Go and Python programs wait for: the proxy
// of a threading.Event.
//
// Make one with [NewEvent], or with [EventOf] of a proxy that came otherwise. It
// is safe for concurrent use and must not be copied. A Set synchronizes before
// the return of the Wait that it ends. Errors are those of [Proxy.Call].
type Event struct{ handle }

// NewEvent makes an event that is not set.
func NewEvent(ctx context.Context, m *Manager) (*Event, error) {
	h, err := create(ctx, m, "Event")
	if err != nil {
		return nil, err
	}
	return &Event{h}, nil
}

// EventOf returns the event that p stands for, of whatever typeid, and takes p
// over.
func EventOf(p *Proxy) *Event { return &Event{handle{p}} }

// Set sets the flag and wakes all who wait.
func (e *Event) Set(ctx context.Context) error { return e.p.do(ctx, "set") }

// Clear takes the flag back.
func (e *Event) Clear(ctx context.Context) error { return e.p.do(ctx, "clear") }

// IsSet reports whether the flag is set.
func (e *Event) IsSet(ctx context.Context) (bool, error) {
	return result[bool](e.p.call(ctx, "is_set"))
}

// Wait waits until the flag is set, at most until ctx ends; then the error
// matches what ctx ended with.
func (e *Event) Wait(ctx context.Context) error {
	w := wait{p: e.p, method: "wait", over: isFalse}
	_, err := w.until(ctx)
	return err
}
