//go:build unix

package subprocess

import "syscall"

// mostFiles is the first number that no descriptor of a new program can have.
func mostFiles() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return manyFiles
	}
	return int(min(uint64(limit.Cur), manyFiles))
}
