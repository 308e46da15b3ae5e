package dummy

import (
	"context"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// A place is where in the program something happened: the innermost callers.
// It is taken at every acquire and resolved only for a message.
type place [8]uintptr

// here returns the place of the call, skip frames above its caller.
func here(skip int) (p place) {
	runtime.Callers(skip+2, p[:])
	return p
}

// own is what the names of this package's functions start with.
var own = sync.OnceValue(func() string {
	pc, _, _, _ := runtime.Caller(0)
	name := runtime.FuncForPC(pc).Name()
	slash := strings.LastIndexByte(name, '/')
	return name[:slash+strings.IndexByte(name[slash:], '.')+1]
})

// String returns file:line of the innermost caller outside this package, whose
// own functions call one another; "" if there is none.
func (p place) String() string {
	n := 0
	for n < len(p) && p[n] != 0 {
		n++
	}
	if n == 0 {
		return ""
	}
	frames := runtime.CallersFrames(p[:n])
	for {
		f, more := frames.Next()
		if f.PC != 0 && (!strings.HasPrefix(f.Function, own()) || strings.HasSuffix(f.File, "_test.go")) {
			return filepath.Base(f.File) + ":" + strconv.Itoa(f.Line)
		}
		if !more {
			return ""
		}
	}
}

// A holder is who took something, and where. The zero holder is nobody.
type holder struct {
	thread *Thread // nil: the call had no context, or one of no thread
	at     place
}

// newHolder returns the caller of the exported method that calls it.
func newHolder(ctx context.Context) holder { return holder{Current(ctx), here(1)} }

// nobody is the context of calls that have none.
var nobody = context.Background()

// did is for messages: what, by whom, since where.
func (h holder) did(what string) string {
	if h.thread != nil {
		what += " by " + h.thread.Name()
	}
	if at := h.at.String(); at != "" {
		what += " since " + at
	}
	return what
}
