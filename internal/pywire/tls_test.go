package pywire

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
)

// tlsPair returns the two ends of a connection with TLS.
func tlsPair(t *testing.T) (a, b *Conn) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	x, y := pair(t, "tcp")
	s := tls.Server(x, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	c := tls.Client(y, &tls.Config{InsecureSkipVerify: true})
	done := make(chan error, 1)
	go func() { done <- s.Handshake() }()
	if err := errors.Join(c.Handshake(), <-done); err != nil {
		t.Fatal(err)
	}
	return NewConn(s, 0), NewConn(c, 0)
}

func TestTLS(t *testing.T) {
	leak.Check(t)
	ctx := within(t)
	a, b := tlsPair(t)
	for _, n := range []int{0, 1, 500, joined, joined + 1, 1 << 20} {
		go a.WriteFrame(ctx, filled(n))
		if f, err := b.ReadFrame(ctx); err != nil || !bytes.Equal(f, filled(n)) {
			t.Errorf("%d bytes: %d, %v", n, len(f), err)
		}
	}
	if a.KeepFiles(1) || a.rc != nil || !a.tls {
		t.Error("it is not known to be TLS")
	}
	if _, err := a.SyscallConn(); err != nil {
		t.Error(err)
	}
	// The other side's end is noticed, and what came before is kept.
	called := make(chan struct{})
	stop := b.Hangup(func() { close(called) })
	a.WriteFrame(ctx, filled(3000))
	stop()
	stop = b.Hangup(func() { close(called) })
	a.Close()
	<-called
	stop()
	if f, err := b.ReadFrame(ctx); err != nil || len(f) != 3000 {
		t.Error(len(f), err)
	}
	if _, err := b.ReadFrame(ctx); err != io.EOF {
		t.Error(err)
	}
	b.Close()
	// Nothing is tried under a context that has ended; what was begun and is
	// cut off ends the connection.
	a, b = tlsPair(t)
	if err := a.WriteFrame(over(), []byte("x")); !errors.Is(err, errEnough) || errors.Is(err, ErrBroken) {
		t.Error(err)
	}
	short, cancel := context.WithCancelCause(t.Context())
	go func() {
		b.Next(ctx)
		cancel(errEnough)
	}()
	if err := a.WriteFrame(short, make([]byte, 20<<20)); !errors.Is(err, errEnough) || !errors.Is(err, ErrBroken) {
		t.Error(err)
	}
	if _, err := b.ReadFrame(ctx); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	b.Close()
}
