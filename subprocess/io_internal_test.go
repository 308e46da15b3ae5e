package subprocess

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/conexgo/conex/internal/leak"
)

func TestNewlineReader(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"a", "a"},
		{"a\nb\n", "a\nb\n"},
		{"a\r\nb\r\n", "a\nb\n"},
		{"a\rb\r", "a\nb\n"},
		{"\r\r\n\n\r", "\n\n\n\n"},
		{"\n\r", "\n\n"},
		{"\r\n", "\n"},
	} {
		for name, wrap := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "bytes": iotest.OneByteReader,
			"half": iotest.HalfReader, "data and error": iotest.DataErrReader,
		} {
			got, err := io.ReadAll(&newlineReader{src: wrap(strings.NewReader(c.in))})
			if string(got) != c.want || err != nil {
				t.Errorf("%q, %s: %q, %v, want %q", c.in, name, got, err, c.want)
			}
		}
	}
}

// A line that ends in '\r' must not wait for the next one.
func TestNewlineReaderDoesNotWait(t *testing.T) {
	r, w := io.Pipe()
	go func() {
		w.Write([]byte("prompt\r"))
		w.Write([]byte("\nnext"))
		w.Close()
	}()
	n := &newlineReader{src: r}
	buf := make([]byte, 20)
	for _, want := range []string{"prompt\n", "next"} {
		k, err := n.Read(buf)
		if string(buf[:k]) != want || err != nil {
			t.Errorf("%q, %v, want %q", buf[:k], err, want)
		}
	}
}

// A shortWriter takes so many bytes, and then none.
type shortWriter struct {
	bytes.Buffer
	left int
}

func (w *shortWriter) Write(b []byte) (int, error) {
	n := min(w.left, len(b))
	w.left -= n
	w.Buffer.Write(b[:n])
	if n < len(b) {
		return n, io.ErrClosedPipe
	}
	return n, nil
}

func TestNewlineWriter(t *testing.T) {
	const text = "a\nbc\n\nd"
	for left, want := range []int{0, 1, 1, 2, 3, 4, 4, 5, 5, 6, 7} {
		to := &shortWriter{left: left}
		w := &newlineWriter{dst: to, end: []byte("\r\n")}
		n, err := w.Write([]byte(text))
		all := "a\r\nbc\r\n\r\nd"
		if n != want || (err == nil) != (left >= len(all)) || to.String() != all[:min(left, len(all))] {
			t.Errorf("with room for %d: %d, %v, %q, want %d", left, n, err, to.String(), want)
		}
	}
	var to bytes.Buffer
	big := strings.Repeat("line\n", 50_000)
	n, err := (&newlineWriter{dst: &to, end: []byte("\r\n")}).Write([]byte(big))
	if n != len(big) || err != nil || to.String() != strings.ReplaceAll(big, "\n", "\r\n") {
		t.Error("a big text:", n, err)
	}
}

func FuzzNewlines(f *testing.F) {
	f.Add([]byte("a\r\nb\rc\n\r\r\n"), byte(1))
	f.Fuzz(func(t *testing.T, text []byte, piece byte) {
		want := strings.ReplaceAll(strings.ReplaceAll(string(text), "\r\n", "\n"), "\r", "\n")
		got, err := io.ReadAll(&newlineReader{src: &pieces{text, int(piece)}})
		if string(got) != want || err != nil {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
		var to bytes.Buffer
		w := &newlineWriter{dst: &to, end: []byte("\r\n")}
		for rest := got; len(rest) > 0; {
			k := min(int(piece)+1, len(rest))
			w.Write(rest[:k])
			rest = rest[k:]
		}
		if to.String() != strings.ReplaceAll(want, "\n", "\r\n") {
			t.Errorf("written: %q", to.String())
		}
	})
}

// pieces is a reader that gives so many bytes and one at a time.
type pieces struct {
	b []byte
	n int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.b) == 0 {
		return 0, io.EOF
	}
	k := copy(b, p.b[:min(p.n+1, len(p.b))])
	p.b = p.b[k:]
	return k, nil
}

// pipeOf is an outPipe of which w is the other end.
func pipeOf(t *testing.T, cmd *Cmd) (o *outPipe, w *os.File) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return newOutPipe("stdout", r, cmd), w
}

// splitLines is what Lines makes of a text.
func splitLines(text string) (want []string) {
	for l := range strings.Lines(text) {
		whole := strings.HasSuffix(l, "\n")
		l = strings.TrimSuffix(l, "\n")
		for len(l) > maxLine {
			want = append(want, "+"+l[:maxLine])
			l = l[maxLine:]
		}
		if whole || l != "" {
			want = append(want, " "+l)
		}
	}
	return want
}

// readLines reads lines from an output until its end or the first so many.
func readLines(o *outPipe, most int) (got []string, more bool, err error) {
	more, err = o.lines(func(l Line, _ error) bool {
		mark := " "
		if l.Partial {
			mark = "+"
		}
		got = append(got, mark+l.String())
		return len(got) < most
	})
	return got, more, err
}

func TestLinesOfAnOutput(t *testing.T) {
	leak.Check(t)
	long := strings.Repeat("x", maxLine)
	for _, text := range []string{
		"", "\n", "a", "a\n", "a\n\nb", "a\r\nb\r\n", "\n\n\n",
		long, long + "\n", long + "y", long + "y\n", long + long + "\nz", "a\n" + long + long + long + "y\nb\n",
		strings.Repeat("some line\n", 100_000), strings.Repeat("y", 3<<20),
	} {
		o, w := pipeOf(t, &Cmd{})
		go func() {
			io.WriteString(w, text)
			w.Close()
		}()
		got, more, err := readLines(o, 1<<30)
		if want := splitLines(text); !more || err != nil || strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%.20q of %d bytes: %d lines, %v, %v, want %d", text, len(text), len(got), more, err, len(want))
		}
	}
}

// A loop that is left loses nothing, and Read and another loop go on with it.
func TestLinesOfAnOutputGoOn(t *testing.T) {
	o, w := pipeOf(t, &Cmd{})
	io.WriteString(w, "1\n2\n3\n4\n5\nhalf")
	w.Close()
	if got, more, err := readLines(o, 2); strings.Join(got, "") != " 1 2" || more || err != nil {
		t.Error(got, more, err)
	}
	b := make([]byte, 3)
	if n, err := o.Read(b); string(b[:n]) != "3\n4" || err != nil {
		t.Errorf("Read: %q, %v", b[:n], err)
	}
	if got, more, err := readLines(o, 9); strings.Join(got, "|") != " | 5| half" || !more || err != nil {
		t.Errorf("%q, %v, %v", got, more, err)
	}
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("a\nb\r\n\nlast"), byte(3), byte(1))
	f.Fuzz(func(t *testing.T, text []byte, piece, leave byte) {
		o := &outPipe{name: "stdout", bufSize: int(leave) + 1, src: &pieces{text, int(piece)}, file: os.Stdin}
		var got []string
		for {
			end := o.fillLines()
			more := o.yield(func(l Line, _ error) bool {
				got = append(got, " "+l.String())
				return len(got)%(int(leave)+1) != 0
			}, end != nil)
			if end != nil && more {
				break
			}
		}
		if want := splitLines(string(text)); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%q, want %q", got, want)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("ab\xe2\x82\xacc\xe2\x82x\xff\xf0\x90\x80"), byte(0))
	f.Fuzz(func(t *testing.T, b []byte, piece byte) {
		for name, decode := range map[string]func(io.Reader) io.Reader{
			"ignore": DecodeIgnore, "replace": DecodeReplace, "backslash": DecodeBackslash, "strict": DecodeStrict,
		} {
			whole, err1 := io.ReadAll(decode(bytes.NewReader(b)))
			parts, err2 := io.ReadAll(decode(&pieces{b, int(piece)}))
			if !bytes.Equal(whole, parts) || (err1 == nil) != (err2 == nil) || err1 != nil && err1.Error() != err2.Error() {
				t.Errorf("%s: %q, %v; in pieces %q, %v", name, whole, err1, parts, err2)
			}
			if want := strings.ToValidUTF8(string(b), ""); name == "ignore" && string(whole) != want {
				t.Errorf("%q, want %q", whole, want)
			}
			if string(whole) != strings.ToValidUTF8(string(whole), "") {
				t.Errorf("%s: %q is not UTF-8", name, whole)
			}
		}
	})
}

func FuzzTail(f *testing.F) {
	f.Add([]byte("one\ntwo\nthree\n"), byte(7), byte(2), byte(3))
	f.Fuzz(func(t *testing.T, b []byte, limit, lines, piece byte) {
		tail := &Tail{Max: int(limit), MaxLines: int(lines)}
		io.Copy(struct{ io.Writer }{tail}, &pieces{b, int(piece)})
		most := int(limit)
		if most == 0 {
			most = defaultTail
		}
		want := string(b[max(0, len(b)-most):])
		if lines > 0 {
			all := strings.SplitAfter(want, "\n")
			if all[len(all)-1] == "" {
				all = all[:len(all)-1]
			}
			want = strings.Join(all[max(0, len(all)-int(lines)):], "")
		}
		if got := tail.String(); got != want || tail.Total() != int64(len(b)) || cap(tail.ring) > max(most, 64) {
			t.Errorf("%q, want %q; %d bytes of %d; capacity %d", got, want, tail.Total(), len(b), cap(tail.ring))
		}
	})
}
