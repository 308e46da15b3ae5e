//go:build unix && !linux

package wait

const recvFlags = 0
