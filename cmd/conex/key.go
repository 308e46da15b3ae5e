package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// keyVar is where the key is without -authkey-file.
const keyVar = "CONEX_AUTHKEY"

// weakKey is how short a key is that somebody who has seen a handshake might
// find by trying.
const weakKey = 16

// An authKey is the key, and where clients find it.
type authKey struct {
	key  []byte
	file string // absolute; "" if it is in the environment
	made bool
}

// loadKey finds the key, or makes one.
func loadKey(file string) (authKey, error) {
	if file == "" {
		env := os.Getenv(keyVar)
		if env == "" {
			return authKey{}, usage("there is no key: give -authkey-file conex.key, which is made if it is missing, or set %s", keyVar)
		}
		return authKey{key: []byte(env)}, nil
	}
	file, err := filepath.Abs(file)
	if err != nil {
		return authKey{}, err
	}
	k := authKey{file: file}
	k.made, err = makeKey(file)
	if err != nil {
		return authKey{}, fmt.Errorf("making the key's file: %w", err)
	}
	k.key, err = readKey(file)
	return k, err
}

// makeKey makes the file with a random key, unless there is one.
func makeKey(file string) (made bool, err error) {
	if _, err := os.Stat(file); err == nil {
		return false, nil
	}
	var key [32]byte
	rand.Read(key[:])
	text := hex.EncodeToString(key[:]) + "\n"
	// It gets its name when it is complete, and never another one's place: two
	// that start together find the same key.
	tmp, err := os.CreateTemp(filepath.Dir(file), ".conex-key-") // mode 0600
	if err != nil {
		return false, err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(text)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return false, err
	}
	err = os.Link(tmp.Name(), file)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrExist):
		return false, nil
	}
	// A file system without links.
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = f.WriteString(text)
	return true, errors.Join(err, f.Close())
}

// readKey reads the file, which nobody else may be able to.
func readKey(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", file)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("others can read or write the key's file (mode %04o): run chmod 600 %s, and change the key if they may have read it", mode, file)
	}
	b, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return nil, err
	}
	if b = bytes.TrimSpace(b); len(b) == 0 {
		return nil, fmt.Errorf("%s has no key in it: remove it, and one is made", file)
	}
	return b, nil
}
