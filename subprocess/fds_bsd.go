//go:build unix && !linux

package subprocess

// leaks appends the descriptors above 2 to found that a program which is
// started now would inherit without having been meant to.
func leaks(found []int) []int { return leaksByNumber(found) }
