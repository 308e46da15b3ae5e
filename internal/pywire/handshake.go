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
	"sync"
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
	mostMAC       = 48  // bytes of the longest one
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
	return deliver(ctx, c, keyed(key), p)
}

func deliver(ctx context.Context, c Framer, key macer, p Policy) error {
	if err := p.Check(); err != nil {
		return err
	}
	t := talks.Get().(*talk)
	defer talks.Put(t)
	name := p.Digest
	if name == "" {
		name = DefaultDigest
	}
	sent := append(t.sent[:0], challenge...)
	sent = append(sent, '{')
	sent = append(sent, name...)
	sent = append(sent, '}')
	sent = sent[:len(sent)+newMessage]
	rand.Read(sent[len(sent)-newMessage:])
	if err := c.WriteFrame(ctx, sent); err != nil {
		return err
	}
	response, err := t.read(ctx, c)
	if err != nil {
		return err
	}
	if err := verify(key, t.mac[:0], sent[len(challenge):], response, p); err != nil {
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
	return answer(ctx, c, keyed(key), p)
}

func answer(ctx context.Context, c Framer, key macer, p Policy) error {
	t := talks.Get().(*talk)
	defer talks.Put(t)
	message, err := t.read(ctx, c)
	if err != nil {
		return err
	}
	message, ok := bytes.CutPrefix(message, challenge)
	if !ok {
		return refuse("authentication failed: %.40q is no challenge: the other side wants no key, or speaks another protocol", message)
	}
	response, err := respond(key, t.sent[:0], message, p)
	if err != nil {
		return err
	}
	if err := c.WriteFrame(ctx, response); err != nil {
		return err
	}
	verdict, err := t.read(ctx, c)
	if err != nil {
		return err
	}
	if !bytes.Equal(verdict, welcome) {
		return refuse("authentication failed: the other side refused the answer to its challenge: it has another key, or does not take the digest")
	}
	return nil
}

// A talk is the room for what one side sends and receives.
type talk struct {
	sent     [mostHandshake]byte
	received [mostHandshake]byte
	mac      [mostMAC]byte
}

var talks = sync.Pool{New: func() any { return new(talk) }}

// read reads a frame of the handshake. It is there until the next one is read.
func (t *talk) read(ctx context.Context, c Framer) (b []byte, err error) {
	conn, ok := c.(*Conn)
	if ok {
		b, err = conn.readFrame(ctx, t.received[:0], min(mostHandshake, conn.max))
	} else {
		b, err = c.ReadFrameMax(ctx, mostHandshake)
	}
	switch {
	case err == nil:
		if ok {
			conn.quickAck()
		}
		return b, nil
	case errors.Is(err, ErrTooLong):
		return nil, refuse("authentication failed: too long for the handshake: %w", err)
	case ctx.Err() != nil:
		return nil, err
	}
	return nil, refuse("authentication failed: the other side ended the handshake: %w", err)
}

// respond appends the answer to a challenge to b.
func respond(key macer, b, message []byte, p Policy) ([]byte, error) {
	name, ok := prefix(message)
	switch {
	case len(message) == oldMessage:
		// From CPython up to 3.11, whatever it begins with.
		if p.RefuseMD5 {
			return nil, refuse("authentication failed: the other side knows MD5 only, which RefuseMD5 forbids: CPython up to 3.11")
		}
		return key.mac(b, "md5", message), nil
	case len(message) < oldMessage:
		return nil, refuse("authentication failed: a challenge of %d bytes, at least %d are needed", len(message), oldMessage)
	case !ok:
		return nil, refuse("authentication failed: the challenge names no digest that is known: %.20q", message)
	case name == "md5" && p.RefuseMD5:
		return nil, refuse("authentication failed: the challenge asks for MD5, which RefuseMD5 forbids")
	}
	b = append(b, '{')
	b = append(b, name...)
	b = append(b, '}')
	return key.mac(b, name, message), nil
}

// verify returns nil if response is one to the message. b is room for a MAC.
func verify(key macer, b, message, response []byte, p Policy) error {
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
	same := hmac.Equal(sum, key.mac(b, name, message))
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
	for name := range digests {
		if name == string(b[1:i]) {
			return name, true
		}
	}
	return "", false
}

// A macer appends the MAC of a message to b. It covers all of the message, the
// digest's name included: that is what forbids to talk the other side into a
// weaker one.
type macer interface {
	mac(b []byte, digest string, message []byte) []byte
}

// A keyed makes MACs with a key for once.
type keyed []byte

func (k keyed) mac(b []byte, digest string, message []byte) []byte {
	h := hmac.New(digests[digest], k)
	h.Write(message)
	return h.Sum(b)
}

// keeps makes MACs with a key that many show: it keeps what it has computed
// of the key.
type keeps map[string]*sync.Pool // by the digest

func newKeeps(key []byte) keeps {
	k := keeps{}
	for name, digest := range digests {
		k[name] = &sync.Pool{New: func() any { return hmac.New(digest, key) }}
	}
	return k
}

func (k keeps) mac(b []byte, digest string, message []byte) []byte {
	h := k[digest].Get().(hash.Hash)
	defer k[digest].Put(h)
	h.Reset()
	h.Write(message)
	return h.Sum(b)
}
