package lowlevel

import (
	"fmt"

	"github.com/conexgo/conex/threading"
)

// The misuses, which match threading.ErrThread.
var (
	// ErrNilFunc says that a thread was to be started without a function.
	ErrNilFunc = threading.ErrNilFunc

	// ErrSignal says that there is no such signal.
	ErrSignal = fmt.Errorf("%w: no such signal", threading.ErrThread)
)
