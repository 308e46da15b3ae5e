package pywire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/conexgo/conex/internal/leak"
)

// shake runs both sides of a handshake.
func shake(t *testing.T, server, client []byte, ps, pc Policy) (serverErr, clientErr error) {
	x, y := pair(t, "unix")
	a, b := NewConn(x, 0), NewConn(y, 0)
	done := make(chan error, 1)
	go func() {
		err := Deliver(within(t), a, server, ps)
		if err == nil {
			err = Answer(within(t), a, server, ps)
		}
		if err != nil {
			a.Close()
		}
		done <- err
	}()
	err := Answer(within(t), b, client, pc)
	if err == nil {
		err = Deliver(within(t), b, client, pc)
	}
	b.Close()
	return <-done, err
}

func TestHandshake(t *testing.T) {
	leak.Check(t)
	key := []byte("key")
	for _, c := range []struct {
		server, client string
		ps, pc         Policy
		ok             bool
	}{
		{"key", "key", Policy{}, Policy{}, true},
		{"key", "kez", Policy{}, Policy{}, false},
		{"key", "", Policy{}, Policy{}, false},
		{"key", "key", Policy{Digest: "md5"}, Policy{}, true},
		{"key", "key", Policy{Digest: "sha384"}, Policy{Digest: "sha3_256"}, true},
		{"key", "key", Policy{Digest: "sha3_384"}, Policy{RefuseMD5: true}, true},
		{"key", "key", Policy{Digest: "md5"}, Policy{RefuseMD5: true}, false},
		{"key", "key", Policy{RefuseMD5: true}, Policy{Digest: "md5"}, false},
	} {
		s, cl := shake(t, []byte(c.server), []byte(c.client), c.ps, c.pc)
		if (s == nil && cl == nil) != c.ok || !c.ok && !errors.Is(errors.Join(s, cl), ErrAuthentication) {
			t.Errorf("%v: %v, %v", c, s, cl)
		}
	}
	for _, p := range []Policy{{Digest: "md4"}, {Digest: "md5", RefuseMD5: true}} {
		if err := Deliver(t.Context(), nil, key, p); err == nil {
			t.Errorf("%v is no error", p)
		}
	}
}

func TestRespond(t *testing.T) {
	key := []byte("key")
	twenty := bytes.Repeat([]byte("x"), 20)
	for _, c := range []struct {
		message string
		digest  string // "": refused
		bare    bool
	}{
		{string(twenty), "md5", true},
		{"{sha256}" + "123456789012", "md5", true}, // 20 bytes: old, whatever they are
		{"{sha256}" + strings.Repeat("y", 40), "sha256", false},
		{"{md5}" + strings.Repeat("y", 40), "md5", false},
		{"{sha3_384}" + strings.Repeat("y", 40), "sha3_384", false},
		{"{md4}" + strings.Repeat("y", 40), "", false},
		{"{sha256" + strings.Repeat("y", 40), "", false},
		{strings.Repeat("y", 40), "", false},
		{strings.Repeat("y", 19), "", false},
		{"{sha256}" + "12345678901", "", false},
		{"", "", false},
	} {
		got, err := respond(keyed(key), nil, []byte(c.message), Policy{})
		if c.digest == "" {
			if !errors.Is(err, ErrAuthentication) {
				t.Errorf("%q: %q, %v", c.message, got, err)
			}
			continue
		}
		want := string(mac(c.digest, key, []byte(c.message)))
		if !c.bare {
			want = "{" + c.digest + "}" + want
		}
		if string(got) != want || err != nil {
			t.Errorf("%q: %q, %v", c.message, got, err)
		}
		err = verify(keyed(key), nil, []byte(c.message), got, Policy{})
		if err != nil {
			t.Errorf("%q: %v", c.message, err)
		}
		if err := verify(keyed([]byte("other")), nil, []byte(c.message), got, Policy{}); !errors.Is(err, ErrAuthentication) {
			t.Errorf("%q, another key: %v", c.message, err)
		}
		if _, err := respond(keyed(key), nil, []byte(c.message), Policy{RefuseMD5: true}); (err != nil) != (c.digest == "md5") {
			t.Errorf("%q, no MD5: %v", c.message, err)
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	key, m := []byte("key"), []byte("{sha256}"+strings.Repeat("m", 40))
	for name, r := range map[string]string{
		"nothing":         "",
		"zeros":           strings.Repeat("\x00", 16),
		"challenge":       "#CHALLENGE#" + string(m),
		"welcome":         "#WELCOME#",
		"unknown":         "{md4}" + strings.Repeat("x", 16),
		"truncated":       "{sha256}" + string(mac("sha256", key, m))[:8],
		"another digest":  "{sha256}" + string(mac("md5", key, m)),
		"without prefix":  string(mac("md5", key, m[8:])),
		"bare sha256":     string(mac("sha256", key, m)),
		"longer":          "{sha256}" + string(mac("sha256", key, m)) + "x",
		"a name too long": "{" + strings.Repeat("s", 200) + "}",
	} {
		if err := verify(keyed(key), nil, m, []byte(r), Policy{}); !errors.Is(err, ErrAuthentication) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzHandshake lets anybody send anything to both sides of the handshake:
// nobody gets in without the key.
func FuzzHandshake(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x3b#CHALLENGE#{sha256}\x81\x48\x97\x9d\x4b\xb7\x49\x51\x0112345678901234567890123456789012"), true)
	f.Add([]byte("\x00\x00\x00\x28{sha256}\xbe\x5d\x2a\x7f1234567890123456789012345678"), false)
	f.Add([]byte("\x00\x00\x00\x1f#CHALLENGE#12345678901234567890\x00\x00\x00\x09#WELCOME#"), true)
	f.Add([]byte("\x00\x00\x00\x101234567890123456\x00\x00\x00\x09#WELCOME#"), false)
	f.Add([]byte("\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x10 234567890123456"), false)
	f.Fuzz(func(t *testing.T, data []byte, answer bool) {
		c := NewConn(&script{data: data}, 0)
		var err error
		if answer {
			if err = Answer(context.Background(), c, []byte("key"), Policy{}); err == nil {
				err = Deliver(context.Background(), c, []byte("key"), Policy{})
			}
		} else {
			err = Deliver(context.Background(), c, []byte("key"), Policy{})
		}
		if err == nil {
			t.Errorf("%q got in", data)
		}
		if !errors.Is(err, ErrAuthentication) {
			t.Errorf("%q: %v", data, err)
		}
	})
}

// FuzzFrames: frames are what was sent, and memory is what arrived.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x1b\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00(N\x8c\x05dummy\x94)}\x94t\x94."))
	f.Add([]byte("\x00\x00\x00\x19\x80\x04\x95\x0e\x00\x00\x00\x00\x00\x00\x00\x8c\x07#RETURN\x94N\x86\x94."))
	f.Add([]byte("\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x03abc\x00\x00\x00\x00\xff\xff\xff\xfe"))
	f.Add([]byte("\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xffabc"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := NewConn(&script{data: data}, 0)
		sum := 0
		for {
			b, err := c.ReadFrame(context.Background())
			if err != nil {
				break
			}
			sum += len(b)
			var enc []byte
			enc = append(header(enc, len(b)), b...)
			again, err := NewConn(&script{data: enc}, 0).ReadFrame(context.Background())
			if err != nil || !bytes.Equal(b, again) {
				t.Errorf("%q: %q, %v", b, again, err)
			}
		}
		if sum > len(data) || cap(c.part) > 64<<10+4*len(data) {
			t.Errorf("%d bytes of %d, %d kept", sum, len(data), cap(c.part))
		}
	})
}

// A script is a connection whose other side says what it has to say.
type script struct {
	net.Conn
	data []byte
}

func (s *script) Read(p []byte) (int, error) {
	n := copy(p, s.data)
	s.data = s.data[n:]
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}
func (s *script) Write(p []byte) (int, error) { return len(p), nil }
func (s *script) Close() error                { return nil }

func mac(digest string, key, message []byte) []byte { return keyed(key).mac(nil, digest, message) }
