//go:build !linux

package subprocess_test

func warmUp() {}
