package python

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
)

// A hello tells a new worker what it needs to know.
type hello struct {
	Protocol  int        `json:"protocol"`
	Name      string     `json:"name"` // of the worker
	ID        int        `json:"id"`
	Path      []string   `json:"path,omitempty"`
	Preload   []string   `json:"preload,omitempty"`
	Object    *boundCall `json:"object,omitempty"`
	Init      *boundCall `json:"init,omitempty"`
	MaxMemory int64      `json:"max_memory,omitempty"`
	Log       int        `json:"log"` // the lowest level of logging that is wanted
}

// A boundCall is a call that the worker makes when it starts.
type boundCall struct {
	Key []byte `json:"key"`
	Arg []byte `json:"arg"` // a pickle

	// Handles says that the pickle refers to segments. They are sent afterwards.
	Handles bool `json:"handles,omitempty"`
}

// ready is the worker's answer, if it can serve.
type ready struct {
	Protocol       int    `json:"protocol"`
	Version        string `json:"version"`
	Implementation string `json:"implementation"`
	Executable     string `json:"executable"`
	PID            int    `json:"pid"`
	Dump           int    `json:"dump"` // the signal for which it writes its stacks
}

// A fault is the answer if it cannot.
type fault struct {
	Kind      string `json:"kind"` // "version", "hello", "preload", "init" or "object"
	Text      string `json:"text"`
	Missing   string `json:"missing"`   // what was not found
	Exception []byte `json:"exception"` // see readError
}

// oldest is the oldest version of Python that worker.py runs on.
const oldest = "3.8"

// error makes an error of a fault. path is the interpreter.
func (f *fault) error(path string) error {
	switch {
	case f.Kind == "version":
		return fmt.Errorf("%w: %s is Python %s: it must be %s or newer", ErrInterpreter, path, f.Text, oldest)
	case f.Missing != "":
		return fmt.Errorf("python: %s: %w", f.Text, notFound([]byte(f.Missing)))
	case len(f.Exception) > 0:
		return fmt.Errorf("python: %s: %w", f.Text, readError(f.Exception))
	}
	return fmt.Errorf("python: worker: %s", f.Text)
}

// introduction reads the first frame of a worker that is no log record.
func introduction(kind byte, payload []byte, path string) (*ready, error) {
	switch kind {
	case frameReady:
		r := new(ready)
		if err := json.Unmarshal(payload, r); err != nil {
			return nil, fmt.Errorf("python: worker's introduction: %w", err)
		}
		if r.Protocol != protocolVersion {
			return nil, fmt.Errorf("python: worker speaks protocol %d, not %d", r.Protocol, protocolVersion)
		}
		return r, nil
	case frameFault:
		var f fault
		if err := json.Unmarshal(payload, &f); err != nil {
			return nil, fmt.Errorf("python: worker's fault: %w", err)
		}
		return nil, f.error(path)
	}
	return nil, errors.New("python: worker does not introduce itself")
}

// Levels of logging and of slog have different scales: DEBUG, INFO, WARNING and
// ERROR are 10 to 40 in Python, and -4 to 8 here. What is between goes down.
func slogLevel(python int) slog.Level { return slog.Level(floorDiv((python-20)*4, 10)) }

// pythonLevel returns the lowest level of logging that becomes at least l. 0 would
// mean something else to Python.
func pythonLevel(l slog.Level) int { return max(20-floorDiv(-int(l)*10, 4), 1) }

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
