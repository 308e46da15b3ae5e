package pywire

import (
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/conexgo/conex/internal/leak"
)

// When there is no descriptor left, who has not shown the key makes room, and
// the Listener goes on.
func TestExhausted(t *testing.T) {
	leak.Check(t)
	ctx := within(t)
	l := listen(t, "AF_INET", ListenConfig{})
	for range 3 {
		nc, err := net.Dial("tcp", l.Address().String())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		nc.Read(make([]byte, 1)) // it is in
	}
	// The socket of the client is there before all others are taken.
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: min(was.Cur, 200), Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	defer syscall.Setrlimit(syscall.RLIMIT_NOFILE, &was)
	var all []*os.File
	for {
		f, err := os.Open(os.DevNull)
		if err != nil {
			break
		}
		all = append(all, f)
	}
	addr := l.nl.Addr().(*net.TCPAddr)
	if err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: addr.Port, Addr: [4]byte(addr.IP.To4())}); err != nil {
		t.Error(err)
	}
	// It is spoken to, although there was no descriptor for it.
	if n, err := syscall.Read(fd, make([]byte, 63)); n != 63 || err != nil {
		t.Error(n, err)
	}
	syscall.Close(fd)
	for _, f := range all {
		f.Close()
	}
	// And all is well again.
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := Dial(ctx, l.Address(), DialConfig{Key: testKey})
		if err != nil {
			t.Error(err)
			return
		}
		c.Close()
	}()
	<-done
}
