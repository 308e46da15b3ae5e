package managers

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"github.com/conexgo/conex/pickle"
)

// ErrSnapshot says that what was to be restored is no snapshot, is damaged, or
// does not fit to what the server shares.
var ErrSnapshot = errors.New("managers: bad snapshot")

// A snapshot is one pickle, {"conex snapshot": 1, "objects": {typeid: (kind,
// content)}}, so that Python can read it as well, and behind it a line with a
// checksum, at which pickle.load does not look.
const (
	snapshotKey     = "conex snapshot"
	snapshotVersion = 1
	snapshotEnd     = "\nconex snapshot, %d bytes, crc32c %08x\n"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// snapshotTrailer is what follows the pickle b.
func snapshotTrailer(b []byte) []byte {
	return fmt.Appendf(nil, snapshotEnd, len(b), crc32.Checksum(b, castagnoli))
}

// Snapshot writes what is in the [Shared] objects of s: lists, dicts, sets and
// queues of the built-in types, and Go values that are both a
// [pickle.Marshaler] and a [pickle.Unmarshaler]. Others, such as locks, are left
// out: their state is about clients that will not be there.
//
// Each object is as it is at one moment, but not all at the same one. Proxies
// mean nothing to the server that is to come: an item of a container that
// contains one is left out, and the Logger is told. Of a queue, what was got but
// is not done yet is not in it.
//
// It may be called at any time, also after Serve has returned: then nothing is
// missing that clients were told is there.
func (s *Server) Snapshot(w io.Writer) error {
	s.shared.saving.Lock()
	defer s.shared.saving.Unlock()
	objects := pickle.NewDict()
	for _, typeid := range s.sharedIDs() {
		kind, v, err := s.save(typeid, s.shared.objects[typeid].self)
		if err != nil {
			return fmt.Errorf("managers: snapshot of %q: %w", typeid, err)
		}
		if kind != "" {
			objects.Set(typeid, pickle.Tuple{kind, v})
		}
	}
	all := pickle.NewDict(pickle.Pair{Key: snapshotKey, Value: snapshotVersion}, pickle.Pair{Key: "objects", Value: objects})
	cfg := pickle.Config{MaxBytes: math.MaxInt64}
	b, err := cfg.Append(nil, all)
	if err != nil {
		return fmt.Errorf("managers: snapshot: %w", err)
	}
	_, err = w.Write(append(b, snapshotTrailer(b)...))
	return err
}

// Restore fills the Shared objects of s with what a Snapshot has of them. Call
// it before Serve, once. Objects of which the snapshot has nothing stay as they
// are made.
//
// The error matches ErrSnapshot if r has something else, or something that is
// damaged, or objects that s does not share or shares as something else: then s
// is as it was.
func (s *Server) Restore(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	objects, err := s.openSnapshot(b)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	var load []func() error
	for k, v := range objects.All() {
		typeid, _ := k.(string)
		o := s.shared.objects[typeid]
		if o == nil {
			return fmt.Errorf("%w: it has %s, which this server does not share", ErrSnapshot, pickle.ReprMax(k, 100))
		}
		t, _ := v.(pickle.Tuple)
		if len(t) != 2 {
			return fmt.Errorf("%w: %q is not a kind and a content", ErrSnapshot, typeid)
		}
		if kind := kindOf(o.self); t[0] != any(kind) {
			return fmt.Errorf("%w: %q is a %v there, and a %s here", ErrSnapshot, typeid, t[0], o.class.name)
		}
		f, err := loader(o.self, t[1])
		if err != nil {
			return fmt.Errorf("%w: %q: %w", ErrSnapshot, typeid, err)
		}
		load = append(load, f)
	}
	for _, f := range load {
		if err := f(); err != nil {
			return fmt.Errorf("%w: %w", ErrSnapshot, err)
		}
	}
	return nil
}

// openSnapshot returns the objects of a snapshot that is in order.
func (s *Server) openSnapshot(b []byte) (*pickle.Dict, error) {
	end := bytes.LastIndex(b, []byte(snapshotEnd[:len("\nconex snapshot,")]))
	if end < 0 {
		return nil, errors.New("its end is missing")
	}
	whole := b
	if b = b[:end]; string(whole[end:]) != string(snapshotTrailer(b)) {
		return nil, errors.New("the checksum is wrong")
	}
	cfg := s.decode
	cfg.MaxBytes = math.MaxInt64
	var v any
	if err := cfg.Unmarshal(b, &v); err != nil {
		return nil, err
	}
	all, ok := v.(*pickle.Dict)
	if !ok {
		return nil, errors.New("it is some other pickle")
	}
	if version, ok := all.Get(snapshotKey); !ok || version != any(int64(snapshotVersion)) {
		return nil, fmt.Errorf("its version is %s, and this program knows %d", pickle.ReprMax(version, 50), snapshotVersion)
	}
	objects, _ := all.Get("objects")
	d, ok := objects.(*pickle.Dict)
	if !ok {
		return nil, errors.New("there are no objects in it")
	}
	return d, nil
}

// leaveOut reports whether an item must not be in a snapshot, and says so.
func (s *Server) leaveOut(typeid string, v any) bool {
	if !hasProxy(v) {
		return false
	}
	if !s.shared.told[typeid] {
		if s.shared.told == nil {
			s.shared.told = map[string]bool{}
		}
		s.shared.told[typeid] = true
		s.log.Warn("managers: snapshot: items that contain proxies are left out: the objects that they stand for end with this server",
			"object", typeid, "first", pickle.ReprMax(v, 100))
	}
	return true
}
