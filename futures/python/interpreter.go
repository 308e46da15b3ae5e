package python

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// findInterpreter returns the program that Config.Interpreter and Config.Venv ask
// for: an interpreter that is named; that of the virtual environment that is named,
// or active; or what is called python3, or python, in PATH. The path is absolute.
// Symbolic links are not followed: that of a virtual environment is what makes the
// interpreter use it. Whether it is new enough, a worker finds out.
func findInterpreter(cfg Config) (string, error) {
	interpreter, venv := cfg.Interpreter, cfg.Venv
	switch active := os.Getenv("VIRTUAL_ENV"); {
	case interpreter != "":
		path, err := exec.LookPath(interpreter)
		return absolute(path, err, "Interpreter is %q", interpreter)
	case venv != "":
		path, err := inVenv(venv)
		return absolute(path, err, "Venv is %q", venv)
	case active != "":
		path, err := inVenv(active)
		return absolute(path, err, "VIRTUAL_ENV is %q", active)
	}
	for _, name := range [...]string{"python3", "python"} {
		if path, err := exec.LookPath(name); err == nil || errors.Is(err, exec.ErrDot) {
			return absolute(path, err, "%q is in PATH", name)
		}
	}
	return "", fmt.Errorf("%w: neither python3 nor python is in PATH: install Python %s or newer, or set Config.Interpreter", ErrInterpreter, oldest)
}

// inVenv returns the interpreter of a virtual environment.
func inVenv(dir string) (string, error) {
	name := filepath.Join(dir, "bin", "python")
	if runtime.GOOS == "windows" {
		name = filepath.Join(dir, "Scripts", "python.exe")
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("that is no virtual environment: there is no %s", name)
	case err != nil:
		return "", err
	case info.IsDir():
		return "", fmt.Errorf("%s is a directory", name)
	}
	return exec.LookPath(name)
}

// absolute completes what a search has found. The text says whose wish it was.
func absolute(path string, err error, text string, args ...any) (string, error) {
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return "", fmt.Errorf("%w: %s: %w", ErrInterpreter, fmt.Sprintf(text, args...), err)
	}
	return path, nil
}
