//go:build !unix

package pywire

import "net"

func descriptors() int { return 1 << 20 }

func setBacklog(net.Listener, int) {}
