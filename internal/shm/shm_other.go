//go:build !unix

package shm

import (
	"errors"
	"fmt"
	"os"
)

var errPlatform = fmt.Errorf("memory between processes is not built for this system yet: %w", errors.ErrUnsupported)

func create(string) (*os.File, error)    { return nil, errPlatform }
func mmap(*os.File, int) ([]byte, error) { return nil, errPlatform }
func munmap([]byte) error                { return errPlatform }

// Dup answers errors.ErrUnsupported.
func Dup(*os.File) (*os.File, error) { return nil, errPlatform }

func seal(*os.File) {}
