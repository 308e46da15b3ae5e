// Tree runs a shell whose descendants do not mind SIGTERM, ends the context, and
// counts who lives on: with os/exec, with os/exec and a signal to the process
// group, and with package subprocess.
//
//	go run ./examples/tree
package main

import "github.com/conexgo/conex"

func main() { conex.Main(run) }
