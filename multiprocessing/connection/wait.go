package connection

import (
	"context"
	"errors"

	"github.com/conexgo/conex/internal/wait"
	"github.com/conexgo/conex/internal/watch"
)

// Wait waits until at least one of the objects is ready, and returns all that
// are, in the order in which they were given. A Connection is ready when there
// is a message or the end of the file, or when it was closed. When ctx ends
// first, it returns none and an error that matches what ctx ended with; with a
// ctx that has ended already it only looks. Without objects it returns at once.
//
// What is ready may not be so any more when somebody else receives from the
// same end. Thousands of objects cost a goroutine or two each while they are
// waited for, and a thread for every hundred or so.
//
// It is safe for concurrent use.
func Wait(ctx context.Context, objs ...Waitable) ([]Waitable, error) {
	if len(objs) == 0 {
		return nil, nil
	}
	for _, o := range objs {
		if o == nil {
			return nil, errNilWaitable
		}
	}
	if r := ready(objs); r != nil {
		return r, nil
	}
	if ctx.Err() != nil {
		return nil, watch.Reason(ctx)
	}
	if r := spin(objs); r != nil {
		return r, nil
	}
	woken := make(chan struct{}, 1)
	wake := func() {
		select {
		case woken <- struct{}{}:
		default: // it will look at all of them anyway
		}
	}
	stops := make([]func(), 0, len(objs))
	defer func() {
		for _, stop := range stops {
			stop()
		}
	}()
	for _, o := range objs {
		stops = append(stops, o.Await(wake))
	}
	for {
		if r := ready(objs); r != nil {
			return r, nil
		}
		select {
		case <-woken:
		case <-ctx.Done():
			if r := ready(objs); r != nil {
				return r, nil
			}
			return nil, watch.Reason(ctx)
		}
	}
}

var errNilWaitable = errors.New("connection: Wait for nil")

// ready returns those that are ready.
func ready(objs []Waitable) (r []Waitable) {
	for _, o := range objs {
		if o.Ready() {
			r = append(r, o)
		}
	}
	return r
}

// mostSpun is for how many objects polling is quick enough to pay.
const mostSpun = 16

var spins wait.Backoff

// spin polls the objects for a while, if that may pay: if they are all
// ends of pipes, whose partners may be about to send.
func spin(objs []Waitable) []Waitable {
	if len(objs) > mostSpun || !wait.CanSpin() {
		return nil
	}
	for _, o := range objs {
		c, ok := o.(*Connection)
		if !ok || c.t == nil {
			return nil
		}
		if _, ok := c.t.(sock); ok {
			return nil // a look costs a system call
		}
	}
	if !spins.Spin(nil, func() bool {
		for _, o := range objs {
			if o.(*Connection).t.quick() {
				return true
			}
		}
		return false
	}, wait.SpinFor) {
		return nil
	}
	return ready(objs)
}
