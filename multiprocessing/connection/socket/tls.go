package socket

import (
	"crypto/tls"

	"github.com/conexgo/conex/internal/mpsock"
	"github.com/conexgo/conex/multiprocessing/connection"
)

// TLS returns what TLS knows of a Connection, such as the certificate of the
// other side, and whether there is any TLS.
func TLS(c *connection.Connection) (tls.ConnectionState, bool) {
	if x, err := mpsock.Unwrap(c); err == nil {
		if t, ok := x.(*sock).c.NetConn().(*tls.Conn); ok {
			return t.ConnectionState(), true
		}
	}
	return tls.ConnectionState{}, false
}
