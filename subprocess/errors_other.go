//go:build !unix

package subprocess

// signalName is "": nothing dies of a signal here.
func signalName(int) string { return "" }
