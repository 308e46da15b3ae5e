package pywire

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
)

// DefaultDigest is what CPython 3.12 and later name in their challenges.
const DefaultDigest = "sha256"

// A Policy is what a side of the handshake insists on. The zero value is what
// CPython does.
type Policy struct {
	// Digest is the name of the one that challenges ask for: md5, sha256,
	// sha384, sha3_256 or sha3_384; "" means sha256. CPython up to 3.11
	// answers any of them with MD5.
	Digest string

	// RefuseMD5 refuses to take or to give an MD5 MAC: so CPython up to 3.11 is
	// turned away.
	RefuseMD5 bool
}

// Check returns what is wrong with p.
func (p Policy) Check() error {
	if p.Digest == "" {
		return nil
	}
	if digests[p.Digest] == nil {
		return fmt.Errorf("pywire: there is no digest %q: use one of md5, sha256, sha384, sha3_256, sha3_384", p.Digest)
	}
	if p.RefuseMD5 && p.Digest == "md5" {
		return fmt.Errorf("pywire: the digest md5 is asked for and refused")
	}
	return nil
}

var digests = map[string]func() hash.Hash{
	"md5":      md5.New,
	"sha256":   sha256.New,
	"sha384":   sha512.New384,
	"sha3_256": func() hash.Hash { return sha3.New256() },
	"sha3_384": func() hash.Hash { return sha3.New384() },
}

// The frames of a handshake, and the sizes of the old form.
var (
	challenge = []byte("#CHALLENGE#")
	welcome   = []byte("#WELCOME#")
	failure   = []byte("#FAILURE#")
)

const (
	mostHandshake = 256 // bytes in a frame
	oldMessage    = 20  // bytes that an old challenge has
	newMessage    = 40  // random bytes that a new one has
	newest        = "{sha3_384}"
)

// A Framer is what a handshake needs: a Conn, or anything else that keeps frames
// apart.
type Framer interface {
	WriteFrame(ctx context.Context, b []byte) error
	// ReadFrameMax returns the next frame, or an error that matches ErrTooLong if
	// it has more than n bytes.
	ReadFrameMax(ctx context.Context, n int64) ([]byte, error)
}

// Deliver challenges the other side to prove that it knows the key. When it
// has, it is told so; when not, it is told so too, and the error matches
// ErrAuthentication: then close c. Frames of more than 256 bytes are refused by
// their headers.
func Deliver(ctx context.Context, c Framer, key []byte, p Policy) error {
	if err := p.Check(); err != nil {
		return err
	}
	name := p.Digest
	if name == "" {
		name = DefaultDigest
	}
	message := make([]byte, 0, len(newest)+newMessage)
	message = append(message, '{')
	message = append(message, name...)
	message = append(message, '}')
	message = message[:len(message)+newMessage]
	rand.Read(message[len(message)-newMessage:])
	if err := c.WriteFrame(ctx, append(bytes.Clone(challenge), message...)); err != nil {
		return err
	}
	response, err := readHandshake(ctx, c)
	if err != nil {
		return err
	}
	if err := verify(key, message, response, p); err != nil {
		// Who is refused may have gone already, and the refusal counts.
		c.WriteFrame(ctx, failure)
		return err
	}
	return c.WriteFrame(ctx, welcome)
}

// Answer answers a challenge of the other side. The error matches
// ErrAuthentication if that was none, or if the other side refused the answer:
// then close c.
func Answer(ctx context.Context, c Framer, key []byte, p Policy) error {
	message, err := readHandshake(ctx, c)
	if err != nil {
		return err
	}
	message, ok := bytes.CutPrefix(message, challenge)
	if !ok {
		return refuse("authentication failed: %.40q is no challenge: the other side wants no key, or speaks another protocol", message)
	}
	response, err := respond(key, message, p)
	if err != nil {
		return err
	}
	if err := c.WriteFrame(ctx, response); err != nil {
		return err
	}
	verdict, err := readHandshake(ctx, c)
	if err != nil {
		return err
	}
	if !bytes.Equal(verdict, welcome) {
		return refuse("authentication failed: the other side refused the answer to its challenge: it has another key, or does not take the digest")
	}
	return nil
}

// readHandshake reads a frame of the handshake.
func readHandshake(ctx context.Context, c Framer) ([]byte, error) {
	b, err := c.ReadFrameMax(ctx, mostHandshake)
	switch {
	case err == nil:
		if c, ok := c.(*Conn); ok {
			c.quickAck()
		}
		return b, nil
	case errors.Is(err, ErrTooLong):
		return nil, refuse("authentication failed: too long for the handshake: %w", err)
	case ctx.Err() != nil:
		return nil, err
	}
	return nil, refuse("authentication failed: the other side ended the handshake: %w", err)
}

// respond returns the answer to a challenge.
func respond(key, message []byte, p Policy) ([]byte, error) {
	name, ok := prefix(message)
	switch {
	case len(message) == oldMessage:
		// From CPython up to 3.11, whatever it begins with.
		if p.RefuseMD5 {
			return nil, refuse("authentication failed: the other side knows MD5 only, which RefuseMD5 forbids: CPython up to 3.11")
		}
		return mac("md5", key, message), nil
	case len(message) < oldMessage:
		return nil, refuse("authentication failed: a challenge of %d bytes, at least %d are needed", len(message), oldMessage)
	case !ok:
		return nil, refuse("authentication failed: the challenge names no digest that is known: %.20q", message)
	case name == "md5" && p.RefuseMD5:
		return nil, refuse("authentication failed: the challenge asks for MD5, which RefuseMD5 forbids")
	}
	return append([]byte("{"+name+"}"), mac(name, key, message)...), nil
}

// verify returns nil if response is one to the message.
func verify(key, message, response []byte, p Policy) error {
	name, sum := "md5", response
	if len(response) != md5.Size {
		var ok bool
		if name, ok = prefix(response); !ok {
			return refuse("authentication failed: the answer has no digest that is known")
		}
		sum = response[len(name)+2:]
	}
	// The MAC is made and compared whatever the policy says, so that time does
	// not tell whether the key was right.
	same := hmac.Equal(sum, mac(name, key, message))
	if name == "md5" && p.RefuseMD5 {
		return refuse("authentication failed: the other side answers with MD5, which RefuseMD5 forbids: CPython up to 3.11")
	}
	if !same {
		return refuse("authentication failed: the other side has another key")
	}
	return nil
}

// prefix returns the name in braces at the beginning of b, if it is a digest's.
func prefix(b []byte) (string, bool) {
	if len(b) == 0 || b[0] != '{' {
		return "", false
	}
	i := bytes.IndexByte(b[:min(len(b), len(newest))], '}')
	if i < 0 {
		return "", false
	}
	name := string(b[1:i])
	return name, digests[name] != nil
}

// mac covers all of the message, the digest's name included: that is what
// forbids to talk the other side into a weaker one.
func mac(name string, key, message []byte) []byte {
	h := hmac.New(digests[name], key)
	h.Write(message)
	return h.Sum(nil)
}
