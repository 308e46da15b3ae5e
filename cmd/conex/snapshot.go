package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/conexgo/conex/multiprocessing/managers"
)

// A snapshotFile keeps what a server shares in a file. The file is always
// complete: a new one is written beside it and then gets its name.
type snapshotFile struct {
	path string
	srv  *managers.Server
	log  *slog.Logger
	last [sha256.Size]byte // of what is in the file
	seen fs.FileInfo       // the file as it was left; nil if there is none
}

// load restores the server from the file, if there is one.
func (s *snapshotFile) load() error {
	f, err := os.Open(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		// Better now than when there is something to lose.
		tmp, err := os.CreateTemp(filepath.Dir(s.path), ".conex-snapshot-")
		if err != nil {
			return fmt.Errorf("the snapshot cannot be written: %w", err)
		}
		tmp.Close()
		return os.Remove(tmp.Name())
	}
	if err != nil {
		return fmt.Errorf("the snapshot: %w", err)
	}
	defer f.Close()
	if s.seen, err = f.Stat(); err != nil {
		return err
	}
	sum := sha256.New()
	if err := s.srv.Restore(io.TeeReader(f, sum)); err != nil {
		return fmt.Errorf("the snapshot %s cannot be used, and was left as it is: %w; move it away to begin with nothing", s.path, err)
	}
	sum.Sum(s.last[:0])
	return nil
}

// save writes the file, if anything has changed since the last time.
func (s *snapshotFile) save() error {
	var b bytes.Buffer
	if err := s.srv.Snapshot(&b); err != nil {
		return err
	}
	sum := sha256.Sum256(b.Bytes())
	if sum == s.last && s.seen != nil {
		return nil
	}
	path := s.path
	now, err := os.Stat(path)
	switch {
	case err == nil && s.seen == nil, err == nil && !os.SameFile(now, s.seen), err == nil && now.ModTime() != s.seen.ModTime():
		// Somebody else's, who runs with the same file.
		path = fmt.Sprintf("%s.%d", s.path, os.Getpid())
		s.log.Error("the snapshot was changed by somebody else: this one goes elsewhere", "file", s.path, "to", path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	seen, err := replace(path, b.Bytes())
	if err != nil {
		return err
	}
	s.path, s.last, s.seen = path, sum, seen
	return nil
}

// replace writes a file so that it is either the old one or the new one,
// whatever happens meanwhile, and tells which one the new one is. It is for its
// owner alone.
func replace(path string, b []byte) (info fs.FileInfo, err error) {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, ".conex-snapshot-")
	if err != nil {
		return nil, err
	}
	_, err = tmp.Write(b)
	if err == nil {
		err = tmp.Sync()
	}
	if err == nil {
		info, err = tmp.Stat() // later it might be somebody else's
	}
	err = errors.Join(err, tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		os.Remove(tmp.Name())
		return nil, err
	}
	// The name is not safe on the disk before the directory is. Not every
	// system can do that.
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
	return info, nil
}

// keep saves at intervals, until ctx ends.
func (s *snapshotFile) keep(ctx context.Context, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := s.save(); err != nil {
			s.log.Error("the snapshot was not written", "file", s.path, "err", err)
		}
	}
}
