// Small is a small program that starts processes: what the bench measures starts
// with. The bench itself is no small program.
package main

import (
	"context"

	"github.com/conexgo/conex"
	_ "github.com/conexgo/conex/multiprocessing"
)

// The bench has a function of this name and type, too.
var _ = conex.Register("bench.mp.nothing", func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil })

func main() { conex.Main(func(context.Context) error { return nil }) }
