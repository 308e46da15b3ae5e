//go:build unix

package process

import (
	"fmt"

	"github.com/conexgo/conex/internal/child"
)

// supported reports what this system cannot do of what cfg asks for.
func supported(cfg Config) error {
	if cfg.MaxMemory > 0 {
		if err := child.CanLimitMemory(); err != nil {
			return fmt.Errorf("MaxMemory: %w", err)
		}
	}
	return nil
}
