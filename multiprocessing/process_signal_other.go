//go:build !unix

package multiprocessing

import "strconv"

func signalName(n int) string { return "signal " + strconv.Itoa(n) }
