package managers

import "github.com/conexgo/conex/multiprocessing"

// processKey is the authkey of this process, which its children inherit.
func processKey() []byte { return multiprocessing.CurrentProcess().AuthKey() }
