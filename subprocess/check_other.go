//go:build !unix

package subprocess

// mostFiles bounds what is refused anyway.
func mostFiles() int { return manyFiles }
