package python

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os/exec"
	"testing"
)

// calls is what Python makes of calls: repr of the positional and the keyword
// arguments that a function would get. Each is a mode and the bytes of one item.
const calls = `
import json, pickle, struct, sys
data, out, at = sys.stdin.buffer.read(), [], 0
while at < len(data):
    mode, = data[at:at + 1]
    n, = struct.unpack_from('<I', data, at + 1)
    pickled = data[at + 5:at + 5 + n]
    assert len(pickled) == n, (len(pickled), n)
    at += 5 + n
    value = pickle.loads(pickled)
    args, kwargs = (), {}
    if mode == ord('0'):
        assert value is None
    elif mode == ord('1'):
        args = (value,)
    elif mode == ord('*'):
        args = tuple(value)
    else:
        args, kwargs = value
        assert type(args) is tuple and type(kwargs) is dict
    parts = [ascii(a) for a in args] + ['%s=%s' % (k, ascii(v)) for k, v in kwargs.items()]
    out.append(', '.join(parts))
json.dump(out, sys.stdout)
`

// runPython returns what a script prints.
func runPython(t *testing.T, interpreter, script string, stdin []byte) []byte {
	t.Helper()
	cmd := exec.Command(interpreter, "-c", script)
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", interpreter, err, &stderr)
	}
	return out
}

// askCalls runs calls.
func askCalls(t *testing.T, interpreter string, items [][]byte) (texts []string) {
	t.Helper()
	out := runPython(t, interpreter, calls, bytes.Join(items, nil))
	if err := json.Unmarshal(out, &texts); err != nil {
		t.Fatal(err)
	}
	return texts
}

// askPickles returns pickle.dumps of the value of each expression, in several
// protocols one after the other, as CPython's C implementation and its Python one
// write them.
func askPickles(t *testing.T, interpreter string, expressions ...string) (pickles [][]byte) {
	t.Helper()
	const script = `
import datetime, decimal, json, pickle, struct, sys
for text in json.load(sys.stdin):
    value = eval(text)
    for p in (pickle.dumps(value, 2), pickle.dumps(value, 4), pickle.dumps(value, 5), pickle._dumps(value, 4)):
        sys.stdout.buffer.write(struct.pack('<I', len(p)) + p)
`
	in, _ := json.Marshal(expressions)
	out := runPython(t, interpreter, script, in)
	for len(out) >= 4 {
		n := binary.LittleEndian.Uint32(out)
		pickles = append(pickles, out[4:4+n])
		out = out[4+n:]
	}
	if want := len(expressions) * picklesEach; len(pickles) != want {
		t.Fatalf("%d pickles instead of %d", len(pickles), want)
	}
	return pickles
}

// picklesEach is how many pickles askPickles gets of each value.
const picklesEach = 4
