package managers_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"

	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/managers"
)

// Python's session with the logger and a manager. The server's process logs to
// the same standard error.
func ExampleStart_logging() {
	stderr := os.Stderr
	r, w, _ := os.Pipe()
	os.Stderr = w // for the example's sake

	ctx := context.Background()
	logger := multiprocessing.LogToStderr(slog.LevelInfo)
	logger.Warn("doomed")
	m, err := managers.Start(ctx, managers.Config{})
	if err == nil {
		err = m.Shutdown(ctx)
	}

	multiprocessing.SetLogHandler(nil)
	os.Stderr = stderr
	w.Close()
	lines, _ := io.ReadAll(r)
	differs := regexp.MustCompile(`SyncManager-\d+|at /\S+`)
	fmt.Println(differs.ReplaceAllStringFunc(string(lines), func(s string) string {
		if s[0] == 'a' {
			return "at PATH"
		}
		return "SyncManager"
	})+"shutdown:", err)
	// Output:
	// [WARNING/MainProcess] doomed
	// [INFO/SyncManager] child process runs its function func=managers/server
	// [INFO/SyncManager] manager serving at PATH
	// [INFO/MainProcess] sending shutdown message to manager
	// [INFO/SyncManager] manager exiting
	// [INFO/SyncManager] process shutting down
	// [INFO/SyncManager] process exits code=0
	// shutdown: <nil>
}
