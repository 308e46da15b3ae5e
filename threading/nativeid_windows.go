package threading

import "golang.org/x/sys/windows"

func osThreadID() int { return int(windows.GetCurrentThreadId()) }
