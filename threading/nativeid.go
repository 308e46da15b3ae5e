package threading

import (
	"errors"
	"fmt"
	"sync"
)

// pinned are the threads by the operating system thread that they have to
// themselves.
var pinned pinnedThreads

type pinnedThreads struct {
	mu   sync.RWMutex
	byID map[int]*Thread
}

func (p *pinnedThreads) Store(id int, t *Thread) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byID == nil {
		p.byID = make(map[int]*Thread)
	}
	p.byID[id] = t
}

func (p *pinnedThreads) Delete(id int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.byID, id)
}

func (p *pinnedThreads) Load(id int) *Thread {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.byID[id]
}

// NativeID returns the number by which the operating system knows the caller's
// thread, if it is a thread made with [WithOSThread]. Goroutines move from one
// thread of the system to another, so for others the number would be wrong a
// moment later: the error is [ErrNotPinned]. Where the system's number cannot
// be asked for, which is everywhere but on Linux and Windows, the error matches
// errors.ErrUnsupported.
func NativeID() (int, error) {
	id := osThreadID()
	if id == 0 {
		return 0, errNoNativeID
	}
	if pinned.Load(id) == nil {
		return 0, ErrNotPinned
	}
	return id, nil
}

var errNoNativeID = fmt.Errorf("threading: the system's number of a thread: %w", errors.ErrUnsupported)

// NativeID returns the number by which the operating system knows the thread,
// and false if it was not made with [WithOSThread], has not begun to run, or
// the number cannot be asked for; see the function [NativeID]. The system uses
// the number again when the thread has ended.
func (t *Thread) NativeID() (int, bool) {
	x := t.extra.Load()
	if x == nil {
		return 0, false
	}
	id := int(x.native.Load())
	return id, id > 0
}

// SetOSName makes the operating system show the caller's thread under name, of
// which Linux keeps the first 15 bytes. The caller must be a thread made with
// [WithOSThread], else the error is [ErrNotPinned]: the name would stay with a
// thread of the system that runs anything. On systems other than Linux the
// error matches errors.ErrUnsupported.
func SetOSName(name string) error {
	if osThreadID() != 0 && pinned.Load(osThreadID()) == nil {
		return ErrNotPinned
	}
	return setOSName(name)
}
