package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/conexgo/conex/bench/internal/meter"
)

// The test binary plays the worker processes.
func TestMain(m *testing.M) {
	if os.Getenv(roleEnv) == "" {
		os.Exit(m.Run())
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Everybody gives right results and a figure, at once for a few operations as later for many.
func TestParties(t *testing.T) {
	for name, peers := range parties {
		for peer := range peers {
			t.Run(name+"/"+peer, func(t *testing.T) {
				some := []int{1, 100, 3000}
				if strings.HasPrefix(name, "subprocess/") {
					some = []int{1, 3} // a program each
				}
				for _, n := range some {
					s := meter.Spec{Case: name, Peer: peer, Place: meter.Free, N: n}
					var out bytes.Buffer
					if err := parties.Run(s.Args(), &out); err != nil {
						t.Errorf("%d operations: %v", n, err)
					}
				}
			})
		}
	}
}
