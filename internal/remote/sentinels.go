package remote

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"sync"
)

// sentinel is an error value that both processes know by name.
type sentinel struct {
	name string
	err  error
}

// registered errors. The list is only ever appended to, so a copy of the slice header is a snapshot.
var registered struct {
	mu     sync.RWMutex
	list   []sentinel
	byName map[string]error
	byErr  map[error]string
}

func init() {
	registered.byName = map[string]error{}
	registered.byErr = map[error]string{}
	// Packages that every program has anyway: a worker's start-up pays for what is imported here.
	for _, s := range []sentinel{
		{"io.EOF", io.EOF},
		{"io.ErrUnexpectedEOF", io.ErrUnexpectedEOF},
		{"io.ErrClosedPipe", io.ErrClosedPipe},
		{"io.ErrShortWrite", io.ErrShortWrite},
		{"io.ErrShortBuffer", io.ErrShortBuffer},
		{"io.ErrNoProgress", io.ErrNoProgress},
		{"context.Canceled", context.Canceled},
		{"context.DeadlineExceeded", context.DeadlineExceeded},
		{"fs.ErrInvalid", fs.ErrInvalid},
		{"fs.ErrPermission", fs.ErrPermission},
		{"fs.ErrExist", fs.ErrExist},
		{"fs.ErrNotExist", fs.ErrNotExist},
		{"fs.ErrClosed", fs.ErrClosed},
		{"fs.SkipDir", fs.SkipDir},
		{"fs.SkipAll", fs.SkipAll},
		{"os.ErrDeadlineExceeded", os.ErrDeadlineExceeded},
		{"os.ErrNoDeadline", os.ErrNoDeadline},
		{"os.ErrProcessDone", os.ErrProcessDone},
		{"errors.ErrUnsupported", errors.ErrUnsupported},
		{"strconv.ErrSyntax", strconv.ErrSyntax},
		{"strconv.ErrRange", strconv.ErrRange},
		{"bufio.ErrTooLong", bufio.ErrTooLong},
		{"bufio.ErrNegativeAdvance", bufio.ErrNegativeAdvance},
		{"bufio.ErrAdvanceTooFar", bufio.ErrAdvanceTooFar},
		{"bufio.ErrBadReadCount", bufio.ErrBadReadCount},
		{"bufio.ErrFinalToken", bufio.ErrFinalToken},
		{"bufio.ErrInvalidUnreadByte", bufio.ErrInvalidUnreadByte},
		{"bufio.ErrInvalidUnreadRune", bufio.ErrInvalidUnreadRune},
		{"bufio.ErrBufferFull", bufio.ErrBufferFull},
		{"bufio.ErrNegativeCount", bufio.ErrNegativeCount},
	} {
		Register(s.name, s.err)
	}
}

// Register makes name stand for err in every process that registers it. It panics on an empty name, a name that is
// taken, a nil error, and an error that cannot be compared. One error may have several names: the first is used.
func Register(name string, err error) {
	if r := register(name, err); r != nil {
		panic(fmt.Sprintf("conex: RegisterError %q: %v", name, r))
	}
}

func register(name string, err error) error {
	switch {
	case name == "":
		return errEmpty
	case err == nil:
		return errNil
	case !isComparable(err):
		return errNotComparable
	}
	registered.mu.Lock()
	defer registered.mu.Unlock()
	if registered.byName[name] != nil {
		return errTwice
	}
	registered.byName[name] = err
	if _, ok := registered.byErr[err]; ok {
		return nil
	}
	registered.byErr[err] = name
	registered.list = append(registered.list, sentinel{name, err})
	return nil
}

// all returns the registered errors in the order of registration.
func all() []sentinel {
	registered.mu.RLock()
	defer registered.mu.RUnlock()
	return registered.list
}

func byName(name string) error {
	registered.mu.RLock()
	defer registered.mu.RUnlock()
	return registered.byName[name]
}

// nameOf returns the name of an error that is a registered one itself.
func nameOf(err error) (string, bool) {
	if !isComparable(err) {
		return "", false
	}
	registered.mu.RLock()
	defer registered.mu.RUnlock()
	name, ok := registered.byErr[err]
	return name, ok
}
