package pickle

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/conexgo/conex/internal/cpython"
)

// pythons returns the interpreters of CPython 3.8 to 3.14 that are here, by
// their versions: those of pyenv, and those on the PATH.
func pythons() map[string]string {
	found := map[string]string{}
	for minor := 8; minor <= 14; minor++ {
		version := "3." + strconv.Itoa(minor)
		candidates := cpython.Versions(minor, minor)
		if path, err := exec.LookPath("python" + version); err == nil {
			candidates = append(candidates, path)
		}
		for _, path := range candidates {
			// A shim of pyenv is there even if its version is not chosen.
			if exec.Command(path, "-c", "import pickle").Run() == nil {
				found[version] = path
				break
			}
		}
	}
	return found
}

// needPythons returns them, and skips the test if there is none.
func needPythons(t *testing.T) map[string]string {
	t.Helper()
	found := pythons()
	if len(found) == 0 {
		t.Skip("no CPython 3.8 to 3.14 is installed by pyenv, or on the PATH")
	}
	return found
}

// newest returns the newest of them.
func newest(t *testing.T) string {
	found := needPythons(t)
	for minor := 14; minor >= 8; minor-- {
		if path := found["3."+strconv.Itoa(minor)]; path != "" {
			return path
		}
	}
	panic("there is one")
}

// runPython runs a script with its output as the result.
func runPython(t *testing.T, python string, stdin []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), python, args...)
	cmd.Env = append(os.Environ(), "PYTHONHASHSEED=0", "PYTHONDONTWRITEBYTECODE=1")
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		said := strings.ToValidUTF8(string(out), "?")
		t.Fatalf("%s: %v\n%s\n%s", python, err, said[:min(len(said), 4000)], stderr.String())
	}
	return out
}

// Random values that CPython has written in all protocols come back to it as
// they were, in all protocols: equal, of the same types, with the same parts
// shared. CONEX_STRESS makes more of them.
func TestDifferential(t *testing.T) {
	for version, python := range needPythons(t) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			n, seed, large := 4, "1", "small"
			if version == "3.13" {
				n, large = 60, "large"
			}
			if s, err := strconv.Atoi(os.Getenv("CONEX_STRESS")); err == nil && s > 0 {
				n, seed = 20*n, strconv.Itoa(s)
			}
			args := []string{"testdata/differential.py", "write", seed, strconv.Itoa(n), large}
			written := runPython(t, python, nil, args...)
			var answer []byte
			for i := 0; len(written) > 0; i++ {
				size := binary.LittleEndian.Uint64(written)
				data := written[8 : 8+size]
				written = written[8+size:]
				answer = appendAllProtocols(t, answer, data)
			}
			args[1] = "check"
			runPython(t, python, answer, args...)
		})
	}
}

// appendAllProtocols appends the value of data in each protocol.
func appendAllProtocols(t *testing.T, dst, data []byte) []byte {
	t.Helper()
	var v any
	if err := Unmarshal(data, &v); err != nil {
		t.Fatalf("%v\n%.500q", err, data)
	}
	for protocol := range highestProtocol + 1 {
		c := Config{Protocol: protocol}
		if protocol == 0 {
			c.Protocol = Protocol0
		}
		out, err := c.Marshal(v)
		if err != nil {
			t.Fatalf("protocol %d of %s: %v", protocol, ReprMax(v, 500), err)
		}
		dst = binary.LittleEndian.AppendUint64(dst, uint64(len(out)))
		dst = append(dst, out...)
	}
	return dst
}
