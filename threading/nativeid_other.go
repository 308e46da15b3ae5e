//go:build !linux && !windows

package threading

func osThreadID() int { return 0 }
