package managers

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/conexgo/conex/multiprocessing/sharedmemory"
	"github.com/conexgo/conex/pickle"
)

// segments are the blocks of shared memory that a server keeps for its clients,
// which make them: the server knows their names, and unlinks them when it is
// told to, all of them at its end. It is CPython's SharedMemoryServer; here every
// server is one.
//
// A block is opened when its name is told. So it is no leftover as long as the
// server lives, whatever becomes of who made it; it becomes one if the server
// is killed; and what is unlinked is that very block, not another one that has
// got its name since.
type segments struct {
	mu    sync.Mutex
	names []string // as they were told, in that order
	open  map[string]*sharedmemory.SharedMemory
}

// maxSegments is how many names a server keeps: each may be a descriptor.
const maxSegments = 100_000

// track takes a name down. Whether there is such a block is not asked: the
// client may see another /dev/shm than the server does.
func (s *segments) track(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.names) >= maxSegments {
		return pickle.RuntimeError.Newf("%v segments: the limit is %d", ErrTooMany, maxSegments)
	}
	s.names = append(s.names, name)
	if s.open[name] == nil {
		if shm, err := sharedmemory.Attach(name); err == nil {
			if s.open == nil {
				s.open = map[string]*sharedmemory.SharedMemory{}
			}
			s.open[name] = shm
		}
	}
	return nil
}

// release unlinks a block that the server keeps.
func (s *segments) release(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.names, name)
	if i < 0 {
		return pickle.ValueError.New("list.remove(x): x not in list")
	}
	s.names = slices.Delete(s.names, i, i+1)
	return s.unlink(name)
}

// unlink unlinks a block. The caller holds the lock.
func (s *segments) unlink(name string) error {
	shm := s.open[name]
	delete(s.open, name)
	if shm == nil {
		var err error
		if shm, err = sharedmemory.Attach(name); err != nil {
			return noSegment(name, err)
		}
	}
	err := shm.Unlink()
	shm.Close()
	return noSegment(name, err)
}

// noSegment is Python's exception for a block that is not there.
func noSegment(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &pickle.Exception{
			Class: builtin("FileNotFoundError"),
			Args:  pickle.Tuple{int64(2), "No such file or directory", "/" + strings.TrimPrefix(name, "/")},
		}
	}
	return err
}

// list returns the names.
func (s *segments) list() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.names)
}

// close unlinks all that there is.
func (s *segments) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range s.names {
		s.unlink(name) // many have been unlinked by their makers
	}
	s.names = nil
}

// segmentName takes a name from a client, which must not be able to name
// anything but a block.
func segmentName(v any) (string, error) {
	name, ok := v.(string)
	if !ok {
		return "", pickle.TypeError.Newf("the name of a segment is a str, not %s", pickle.TypeName(v))
	}
	base := strings.TrimPrefix(name, "/")
	if base == "" || base == "." || base == ".." || len(base) > 255 || strings.ContainsAny(base, "/\\\x00") {
		return "", pickle.ValueError.Newf("%s is not the name of a segment", pickle.ReprMax(name, 300))
	}
	return name, nil
}

func (s *session) trackSegment(got *[maxParams]any, _ *call) (any, error) {
	name, err := segmentName(got[0])
	if err != nil {
		return nil, err
	}
	return nil, s.srv.segs.track(name)
}

func (s *session) releaseSegment(got *[maxParams]any, _ *call) (any, error) {
	name, err := segmentName(got[0])
	if err != nil {
		return nil, err
	}
	return nil, s.srv.segs.release(name)
}

func (s *session) listSegments(*[maxParams]any, *call) (any, error) {
	names := s.srv.segs.list()
	l := &pickle.List{Items: make([]any, len(names))}
	for i, n := range names {
		l.Items[i] = n
	}
	return l, nil
}
