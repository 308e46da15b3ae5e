package meter

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// allowed returns the list of cores a process may run on, as the kernel writes it.
func allowed(t *testing.T, status []byte) string {
	t.Helper()
	for line := range strings.Lines(string(status)) {
		if v, ok := strings.CutPrefix(line, "Cpus_allowed_list:"); ok {
			return strings.TrimSpace(v)
		}
	}
	t.Fatalf("no list of cores in\n%s", status)
	return ""
}

func TestStartOnOneCore(t *testing.T) {
	cores, err := Cores()
	if err != nil || len(cores) == 0 {
		t.Fatal(cores, err)
	}
	last := cores[len(cores)-1]
	var out bytes.Buffer
	cmd := exec.Command("cat", "/proc/self/status")
	cmd.Stdout = &out
	if err := Start(cmd, last); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := allowed(t, out.Bytes()); got != strconv.Itoa(last) {
		t.Errorf("the child ran on %s, want %d", got, last)
	}
	if after, err := Cores(); err != nil || fmt.Sprint(after) != fmt.Sprint(cores) {
		t.Errorf("this process may now use %v, %v; before %v", after, err, cores)
	}
}

func TestStartOnNoCore(t *testing.T) {
	cmd := exec.Command("cat")
	if err := Start(cmd, 1023); err == nil {
		cmd.Process.Kill()
		cmd.Wait()
		t.Error("started on a core that does not exist")
	}
	if cmd.Process != nil {
		t.Error("an error, and yet a process")
	}
}

func TestPin(t *testing.T) {
	cmd := exec.Command("cat") // waits for its input
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	cores, err := Cores()
	if err != nil {
		t.Fatal(err)
	}
	if err := Pin(cmd.Process.Pid, cores[0]); err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	if got := allowed(t, status); got != strconv.Itoa(cores[0]) {
		t.Errorf("bound to %s, want %d", got, cores[0])
	}
}

func TestCPUTime(t *testing.T) {
	before, err := CPUTime(os.Getpid())
	if err != nil || before <= 0 {
		t.Fatal(before, err)
	}
	Sink = Busy(1 << 20)
	if after, err := CPUTime(os.Getpid()); err != nil || after <= before {
		t.Errorf("%d, %v after work; before it %d", after, err, before)
	}
	if _, err := CPUTime(1<<22 + 1); err == nil {
		t.Error("the time of a process whose number is above all there can be")
	}
}

func TestWorkerEnv(t *testing.T) {
	env, err := WorkerEnv(Free)
	if err != nil || len(env) != len(os.Environ()) {
		t.Errorf("%v, %v: a free worker is told something", env, err)
	}
	if _, core, err := Split(); err == nil {
		env, err := WorkerEnv(TwoCore)
		if err != nil || env[len(env)-1] != fmt.Sprintf("%s=%d", CoreEnv, core) {
			t.Errorf("%v, %v", env, err)
		}
	} else if _, werr := WorkerEnv(TwoCore); werr == nil {
		t.Errorf("two cores where there are none: %v", err)
	}
}
