package subprocess_test

import (
	"os"
	"strings"
	"testing"

	"github.com/conexgo/conex/subprocess"
)

// The names have the values of Python's, on every system.
func TestWindowsNames(t *testing.T) {
	for _, test := range []struct {
		python    string
		got, want int64
	}{
		{"STD_INPUT_HANDLE", subprocess.StdInputHandle, -10},
		{"STD_OUTPUT_HANDLE", subprocess.StdOutputHandle, -11},
		{"STD_ERROR_HANDLE", subprocess.StdErrorHandle, -12},
		{"SW_HIDE", int64(subprocess.SWHide), 0},
		{"STARTF_USESTDHANDLES", int64(subprocess.StartfUseStdHandles), 0x100},
		{"STARTF_USESHOWWINDOW", int64(subprocess.StartfUseShowWindow), 0x1},
		{"STARTF_FORCEONFEEDBACK", int64(subprocess.StartfForceOnFeedback), 0x40},
		{"STARTF_FORCEOFFFEEDBACK", int64(subprocess.StartfForceOffFeedback), 0x80},
		{"CREATE_NEW_CONSOLE", int64(subprocess.CreateNewConsole), 0x10},
		{"CREATE_NEW_PROCESS_GROUP", int64(subprocess.CreateNewProcessGroup), 0x200},
		{"ABOVE_NORMAL_PRIORITY_CLASS", int64(subprocess.AboveNormalPriorityClass), 0x8000},
		{"BELOW_NORMAL_PRIORITY_CLASS", int64(subprocess.BelowNormalPriorityClass), 0x4000},
		{"HIGH_PRIORITY_CLASS", int64(subprocess.HighPriorityClass), 0x80},
		{"IDLE_PRIORITY_CLASS", int64(subprocess.IdlePriorityClass), 0x40},
		{"NORMAL_PRIORITY_CLASS", int64(subprocess.NormalPriorityClass), 0x20},
		{"REALTIME_PRIORITY_CLASS", int64(subprocess.RealtimePriorityClass), 0x100},
		{"CREATE_NO_WINDOW", int64(subprocess.CreateNoWindow), 0x8000000},
		{"DETACHED_PROCESS", int64(subprocess.DetachedProcess), 0x8},
		{"CREATE_DEFAULT_ERROR_MODE", int64(subprocess.CreateDefaultErrorMode), 0x4000000},
		{"CREATE_BREAKAWAY_FROM_JOB", int64(subprocess.CreateBreakawayFromJob), 0x1000000},
		{"CTRL_C_EVENT", int64(subprocess.CtrlC), 0},
		{"CTRL_BREAK_EVENT", int64(subprocess.CtrlBreak), 1},
	} {
		if test.got != test.want {
			t.Errorf("%s is %#x, want %#x", test.python, test.got, test.want)
		}
	}
	for _, event := range []os.Signal{subprocess.CtrlC, subprocess.CtrlBreak} {
		if !strings.HasPrefix(event.String(), "CTRL_") {
			t.Error(event)
		}
	}
}
