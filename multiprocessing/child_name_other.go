//go:build unix && !linux

package multiprocessing

// nameProcess does nothing here.
func nameProcess(string) {}
