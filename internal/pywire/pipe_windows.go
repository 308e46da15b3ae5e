package pywire

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/windows"
)

// Python's pipes keep messages apart by themselves, and so have no headers on
// Windows: see pipeConn, which adds them to what is read and takes them from
// what is written.
const (
	pipeBuffer = 8192
	pipeMode   = windows.PIPE_TYPE_MESSAGE | windows.PIPE_READMODE_MESSAGE | windows.PIPE_WAIT
)

// A pipeListener waits for clients of a named pipe. There is always one
// instance of the pipe that no client has yet.
type pipeListener struct {
	name   string
	mu     sync.Mutex
	next   windows.Handle // protected by mu; 0 while Accept has it
	closed windows.Handle // an event
	once   sync.Once
	wg     sync.WaitGroup // of Accept
}

func newPipe(name string, first bool) (windows.Handle, error) {
	p, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return 0, err
	}
	flags := uint32(windows.PIPE_ACCESS_DUPLEX | windows.FILE_FLAG_OVERLAPPED)
	if first {
		flags |= windows.FILE_FLAG_FIRST_PIPE_INSTANCE
	}
	// PIPE_REJECT_REMOTE_CLIENTS: another machine has no business here.
	h, err := windows.CreateNamedPipe(p, flags, pipeMode|windows.PIPE_REJECT_REMOTE_CLIENTS,
		windows.PIPE_UNLIMITED_INSTANCES, pipeBuffer, pipeBuffer, 0, nil)
	if err != nil {
		return 0, &os.PathError{Op: "CreateNamedPipe", Path: name, Err: err}
	}
	return h, nil
}

func listenPipe(name string) (net.Listener, error) {
	if name == "" {
		name = `\\.\pipe\conex-` + randomText()
	}
	h, err := newPipe(name, true)
	if err != nil {
		return nil, err
	}
	closed, err := newEvent()
	if err != nil {
		windows.CloseHandle(h)
		return nil, err
	}
	return &pipeListener{name: name, next: h, closed: closed}, nil
}

// Accept is called by one goroutine at a time.
func (l *pipeListener) Accept() (net.Conn, error) {
	l.mu.Lock()
	h := l.next
	l.next = 0
	if h == 0 {
		l.mu.Unlock()
		return nil, net.ErrClosed
	}
	l.wg.Add(1)
	defer l.wg.Done()
	l.mu.Unlock()
	ev, err := newEvent()
	if err != nil {
		windows.CloseHandle(h)
		return nil, err
	}
	defer windows.CloseHandle(ev)
	ov := &windows.Overlapped{HEvent: ev}
	err = windows.ConnectNamedPipe(h, ov)
	if err == windows.ERROR_IO_PENDING {
		var n uint32
		which, _ := windows.WaitForMultipleObjects([]windows.Handle{ev, l.closed}, false, windows.INFINITE)
		if which != windows.WAIT_OBJECT_0 {
			windows.CancelIoEx(h, ov)
		}
		err = windows.GetOverlappedResult(h, ov, &n, true)
	}
	switch err {
	case nil, windows.ERROR_PIPE_CONNECTED, windows.ERROR_NO_DATA: // or gone again
	case windows.ERROR_OPERATION_ABORTED:
		windows.CloseHandle(h)
		return nil, net.ErrClosed
	default:
		windows.CloseHandle(h)
		return nil, os.NewSyscallError("ConnectNamedPipe", err)
	}
	next, err := newPipe(l.name, false)
	if err != nil {
		windows.CloseHandle(h)
		return nil, err
	}
	l.mu.Lock()
	if l.isClosed() {
		windows.CloseHandle(next)
	} else {
		l.next = next
	}
	l.mu.Unlock()
	return newPipeConn(h, l.name)
}

func (l *pipeListener) isClosed() bool {
	s, _ := windows.WaitForSingleObject(l.closed, 0)
	return s == windows.WAIT_OBJECT_0
}

func (l *pipeListener) Close() error {
	l.once.Do(func() {
		l.mu.Lock()
		windows.SetEvent(l.closed)
		if l.next != 0 {
			windows.CloseHandle(l.next)
			l.next = 0
		}
		l.mu.Unlock()
		l.wg.Wait()
		windows.CloseHandle(l.closed)
	})
	return nil
}

func (l *pipeListener) Addr() net.Addr { return pipeAddr(l.name) }

type pipeAddr string

func (pipeAddr) Network() string  { return "pipe" }
func (a pipeAddr) String() string { return string(a) }

// dialPipe connects to a pipe that has an instance without a client, and waits
// for one.
func dialPipe(ctx context.Context, name string) (net.Conn, error) {
	p, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return nil, err
	}
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		h, err := windows.CreateFile(p, windows.GENERIC_READ|windows.GENERIC_WRITE, 0, nil,
			windows.OPEN_EXISTING, windows.FILE_FLAG_OVERLAPPED|windows.SECURITY_SQOS_PRESENT|windows.SECURITY_ANONYMOUS, 0)
		if err == nil {
			mode := uint32(windows.PIPE_READMODE_MESSAGE)
			if err := windows.SetNamedPipeHandleState(h, &mode, nil, nil); err != nil {
				windows.CloseHandle(h)
				return nil, os.NewSyscallError("SetNamedPipeHandleState", err)
			}
			return newPipeConn(h, name)
		}
		if !errors.Is(err, windows.ERROR_PIPE_BUSY) {
			return nil, &os.PathError{Op: "CreateFile", Path: name, Err: err}
		}
		select {
		case <-ctx.Done():
			return nil, reason(ctx, &os.PathError{Op: "CreateFile", Path: name, Err: syscall.Errno(windows.ERROR_PIPE_BUSY)})
		case <-time.After(pause):
		}
	}
}

func newEvent() (windows.Handle, error) {
	h, err := windows.CreateEvent(nil, 1, 0, nil)
	return h, os.NewSyscallError("CreateEvent", err)
}
