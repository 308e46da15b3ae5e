package subprocess_test

import (
	"context"
	"fmt"
	"os"

	"github.com/conexgo/conex/subprocess"
)

// A program without a window, whose output goes to a handle that we have.
func ExampleStartupInfo() {
	cmd := subprocess.Shell("echo hidden")
	cmd.Windows = subprocess.Windows{
		StartupInfo: &subprocess.StartupInfo{
			Flags:      subprocess.StartfUseStdHandles | subprocess.StartfUseShowWindow,
			StdOutput:  os.Stdout.Fd(),
			StdError:   os.Stderr.Fd(),
			ShowWindow: subprocess.SWHide,
		},
		CreationFlags: subprocess.BelowNormalPriorityClass,
	}
	code, err := subprocess.Run(context.Background(), cmd)
	fmt.Println(code.Code, err)
}
