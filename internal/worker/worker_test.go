package worker

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	Register("good", func() {
		if _, ok := os.LookupEnv(EnvVar); ok || !Inside() || Check() != nil {
			os.Exit(1)
		}
		os.Exit(42)
	})
	Register("returns", func() {})
	before := Check()
	Init()
	if !errors.Is(before, ErrNoInit) || Check() != nil || Inside() {
		os.Exit(99)
	}
	os.Exit(m.Run())
}

func TestKinds(t *testing.T) {
	for kind, want := range map[string]int{"good": 42, "returns": 125, "unknown": 125} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = Env(kind, nil)
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != want {
			t.Errorf("%s: exit code %d, %s", kind, code, out)
		}
		if kind == "unknown" && !strings.Contains(string(out), `"unknown"`) {
			t.Errorf("%s: %s", kind, out)
		}
	}
}

func TestEnv(t *testing.T) {
	env := Env("k", []string{"A=1"})
	if n := len(env); env[n-1] != EnvVar+"=k" || env[n-2] != "A=1" {
		t.Errorf("got %q", env[len(env)-2:])
	}
	defer func() {
		if recover() == nil {
			t.Error("a kind registered twice")
		}
	}()
	Register("good", func() {})
}
