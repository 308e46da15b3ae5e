package socket

import (
	"crypto/tls"
	"time"

	"github.com/conexgo/conex/internal/pywire"
)

// A Config is how Connections over sockets are made. Listen and Dial take the
// same. The zero value is an error, since it does not say with which key: set
// AuthKey, or NoAuth.
//
// A Config is not changed, and may be used again.
type Config struct {
	// AuthKey is what both sides must know, and neither tells: each proves to
	// the other one that it has it. Take 32 bytes of crypto/rand. It protects
	// the beginning of a conversation, but not what follows: see TLS.
	AuthKey []byte

	// NoAuth makes connections without a key: Python's authkey=None. Anybody
	// who can reach the address is welcome.
	NoAuth bool

	// Digest is what the other side is asked to prove itself with: sha256,
	// which is the default, sha384, sha3_256, sha3_384, or md5. CPython up to
	// 3.11 uses MD5 whatever it is asked.
	Digest string

	// RefuseMD5 keeps out, and keeps away from, who uses MD5: CPython up to
	// 3.11.
	RefuseMD5 bool

	// TLS is what the connection is encrypted with, for Listen with
	// certificates, for Dial with those who sign them. The key is asked for
	// inside; a client's certificate is if ClientAuth says so. CPython needs a
	// few lines to take part: see the package documentation. For Dial, an
	// empty ServerName means the host of the address.
	TLS *tls.Config

	// HandshakeTimeout is how long the other side may take to show the key. The
	// default is 10 seconds.
	HandshakeTimeout time.Duration

	// MaxMessage is the length of the longest message that is received; there
	// is no limit for what is sent. The default is [connection.MaxMessage]. Whatever it
	// is, memory is taken only as bytes arrive.
	MaxMessage int64

	// Codec makes bytes of the values of Send, and values of the bytes for
	// Recv. If nil it is pickle with its defaults; a *pickle.Config is one.
	Codec Codec

	// The following are for Listen.

	// MaxPending is how many connections there may be which have not shown the
	// key, and how many which have and that nobody has accepted. Beyond the
	// first, the oldest is closed once it has had 100 ms; beyond the second,
	// connections wait in the system. The default is 1024, or a quarter of the
	// descriptors that the process may have.
	MaxPending int

	// Backlog is how many connections wait in the system. The default is as
	// many as the system allows.
	Backlog int

	// OnRefused, if not nil, is called for each connection that was closed
	// without having shown the key, with the other side's address, or "", and
	// the reason: one that matches ErrAuthentication, ErrEvicted,
	// context.DeadlineExceeded, or an error of TLS. It is called from goroutines
	// of the Listener, several at once perhaps, and must not close it.
	OnRefused func(remote string, err error)
}

// A Codec makes bytes of values and values of bytes. A *[pickle.Config] is one.
// It must be safe for concurrent use.
type Codec interface {
	// Append appends the bytes of v to dst.
	Append(dst []byte, v any) ([]byte, error)
	// Unmarshal reads a value into what v points to. It must not keep data; a
	// *pickle.Config with NoCopy may.
	Unmarshal(data []byte, v any) error
}

func (c *Config) policy() pywire.Policy {
	return pywire.Policy{Digest: c.Digest, RefuseMD5: c.RefuseMD5}
}
