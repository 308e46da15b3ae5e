//go:build !unix

package python

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/conexgo/conex/internal/crew"
)

// supported reports what this system cannot do of what cfg asks for.
func supported(Config) error {
	return fmt.Errorf("workers that run Python are not built for %s yet: %w", runtime.GOOS, errors.ErrUnsupported)
}

// newLink is never called.
func (p *Pool) newLink(*crew.Worker) crew.Link { return nil }
