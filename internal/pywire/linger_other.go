//go:build !linux

package pywire

type lingerIO struct{}

func (c *Conn) wait(p []byte) (int, error) { return c.nc.Read(p) }
