package main

import (
	"bytes"
	"errors"
	"runtime"
	"testing"

	"github.com/conexgo/conex/bench/internal/meter"
)

// The parties inside one process are right for any number of operations, whether or not it can be divided among them.
func TestInsideParties(t *testing.T) {
	known := parties()
	for _, c := range insideCases() {
		for _, p := range c.who {
			if p.by != byBench || p.run == "threading/memory" {
				continue
			}
			for _, n := range []int{1, 3, 129, 2000} {
				var out bytes.Buffer
				s := meter.Spec{Case: p.run, Peer: p.name, Place: meter.Free, N: n}
				if err := known.Run(s.Args(), &out); err != nil {
					t.Errorf("%s: %d operations: %v", c.name, n, err)
				}
			}
		}
	}
}

// Who loses a job, or gives it out too early or too late, has no figure.
func TestJobsAreChecked(t *testing.T) {
	for name, next := range map[string]func(queue *[]job) job{
		"first in, first out": func(q *[]job) job {
			j := (*q)[0]
			*q = (*q)[1:]
			return j
		},
		"the same one again": func(q *[]job) job { return (*q)[0] },
	} {
		var queue []job
		f, err := jobs(meter.Spec{N: 100}, func(j job) error {
			queue = append(queue, j)
			return nil
		}, func() (job, error) { return next(&queue), nil })
		if err == nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
	broken := errors.New("broken")
	_, err := jobs(meter.Spec{N: 1}, func(job) error { return broken }, nil)
	if !errors.Is(err, broken) {
		t.Errorf("%v, want the queue's own error", err)
	}
}

// What a body holds while it waits is what is found.
func TestIdleMemory(t *testing.T) {
	kept := make([][]byte, 10)
	f, err := idleMemory(len(kept), func(n int, body func()) (func() error, error) {
		done := make(chan struct{}, n)
		for i := range kept {
			kept[i] = make([]byte, 1<<20)
			go func() {
				body()
				done <- struct{}{}
			}()
		}
		return func() error {
			for range n {
				<-done
			}
			return nil
		}, nil
	})
	runtime.KeepAlive(kept)
	if err != nil || f.N != len(kept) || f.Value < 1<<19 || f.Value > 1<<21 {
		t.Errorf("%+v, %v: want about a mebibyte each", f, err)
	}
	broken := errors.New("broken")
	if _, err := idleMemory(1, func(int, func()) (func() error, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("%v, want the start's own error", err)
	}
}
