package subprocess

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
)

// A mixing is one of two outputs whose lines come in the order of arrival. Reads
// wait in goroutines, one at a time for each output. A loop that is left leaves
// such a read behind, and what that reads is in the store for whoever comes
// next.
type mixing struct {
	o       *outPipe
	locked  bool // the loop has had o.mu once, and has it unless it waits
	waiting bool // a goroutine reads
	err     error

	// state says whose o.mu is when the goroutine has read.
	state atomic.Int32
}

const (
	looping   int32 = iota // the loop's, when it hears of it
	arrived                // the loop's
	abandoned              // the goroutine's, since the loop was left
)

// mixed yields the lines of several outputs. It reports whether the loop goes
// on, at the end of all.
func (p *Popen) mixed(outs []*outPipe, yield func(Line, error) bool) (more bool, err error) {
	arrivals := make(chan *mixing, len(outs))
	all := make([]*mixing, 0, len(outs))
	for _, o := range outs {
		all = append(all, &mixing{o: o})
	}
	defer func() {
		for _, m := range all {
			if !m.waiting || !m.state.CompareAndSwap(looping, abandoned) {
				m.unlock()
			}
		}
	}()
	for _, m := range all {
		p.await(m, arrivals)
	}
	for live := len(all); live > 0; {
		m := <-arrivals
		m.waiting, m.locked = false, true
		if !m.o.yield(yield, m.err != nil) {
			return false, nil
		}
		if m.err == nil {
			p.await(m, arrivals)
			continue
		}
		live--
		m.o.Close()
		if err == nil {
			err = m.o.failure(m.err)
		}
	}
	return true, err
}

// await reads once and says so.
func (p *Popen) await(m *mixing, arrivals chan<- *mixing) {
	m.waiting = true
	m.state.Store(looping)
	go func() {
		if !m.locked {
			m.o.mu.Lock() // a read that an earlier loop has left may be under way
		}
		m.err = io.EOF // if what decodes does not return
		p.guard(m.o.name, func() error {
			m.err = m.o.fillLines()
			return nil
		})
		if m.state.CompareAndSwap(looping, arrived) {
			arrivals <- m
		} else {
			m.unlock()
		}
	}()
}

func (m *mixing) unlock() {
	m.o.modest()
	m.o.mu.Unlock()
}

// failure is what a stream's end is to the caller: nothing if it is one.
func (o *outPipe) failure(err error) error {
	if err == io.EOF || errors.Is(err, os.ErrClosed) {
		return nil
	}
	return fmt.Errorf("subprocess: %s: %w", o.name, err)
}
