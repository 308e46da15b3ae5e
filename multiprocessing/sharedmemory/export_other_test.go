//go:build !linux

package sharedmemory

// SetDir has nothing to set here.
func SetDir(string) (restore func()) { return func() {} }
