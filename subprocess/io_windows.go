package subprocess

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// readNow reads nothing: pipes have no deadlines here.
func readNow(*os.File, []byte) int { return 0 }

// isNoData is what writing says when the program has closed its end.
func isNoData(err error) bool {
	return errors.Is(err, windows.ERROR_NO_DATA) || errors.Is(err, windows.ERROR_BROKEN_PIPE)
}
