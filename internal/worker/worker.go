// Package worker is how a process finds out that it was started to serve
// another one. Packages that start processes register, from an init function,
// what such a process does; conex.Main and conex.Init call [Init], which in a
// worker serves and never returns.
package worker

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
)

// EnvVar tells a worker what kind it is.
const EnvVar = "CONEX_WORKER"

// ErrNoInit is what starting a process answers in a program that never called
// conex.Main or conex.Init: its children would run the program again instead
// of serving it.
var ErrNoInit = errors.New("conex: this program starts worker processes but does not say where they begin: " +
	"write conex.Main(run) as the only line of main, or conex.Init() as the first line of main or TestMain")

var (
	serve  = map[string]func(){}
	inited atomic.Bool
	inside atomic.Bool
)

// Register says what a worker of the given kind does. f must not return.
func Register(kind string, f func()) {
	if serve[kind] != nil {
		panic("conex: worker kind " + kind + " registered twice")
	}
	serve[kind] = f
}

// Init serves the parent if this process is a worker. Else it returns, and
// processes may be started from now on.
func Init() {
	kind, ok := os.LookupEnv(EnvVar)
	if !ok {
		inited.Store(true)
		return
	}
	// What the worker starts is no worker, even if it is this program.
	os.Unsetenv(EnvVar)
	f := serve[kind]
	if f == nil {
		fmt.Fprintf(os.Stderr, "conex: started as a worker of kind %q, which this program does not know\n", kind)
		os.Exit(125)
	}
	inside.Store(true)
	inited.Store(true)
	f()
	os.Exit(125)
}

// Check returns ErrNoInit unless Init was called.
func Check() error {
	if !inited.Load() {
		return ErrNoInit
	}
	return nil
}

// Inside reports whether this process is a worker.
func Inside() bool { return inside.Load() }

// Env returns the environment for a worker of the given kind: environ, plus
// extra, plus its kind.
func Env(kind string, extra []string) []string {
	env := append(os.Environ(), extra...)
	return append(env, EnvVar+"="+kind)
}
