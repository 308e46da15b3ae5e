package subprocesstest

import (
	"testing"
	"time"
)

// SetPatience changes how long a test waits for functions at its end.
func SetPatience(t *testing.T, d time.Duration) {
	old := patience
	t.Cleanup(func() { patience = old })
	patience = d
}
