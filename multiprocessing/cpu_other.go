//go:build !linux

package multiprocessing

func onlineCPUs() int { return 0 }
