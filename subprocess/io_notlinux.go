//go:build !linux

package subprocess

import "os"

const growAfter = 1 << 62

func growPipe(*os.File) int64 { return 0 }

func shrinkPipe(int64) {}

// setPipeSize does nothing: only Linux lets pipes have sizes.
func setPipeSize(*os.File, int) bool { return false }

// pipeSize is more than any pipe holds.
func pipeSize(*os.File) int { return 1 << 20 }
