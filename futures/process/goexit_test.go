package process_test

import "runtime"

func runtimeGoexit() { runtime.Goexit() }
