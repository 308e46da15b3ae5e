//go:build unix

package subprocess_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/subprocess"
)

// latin1 decodes Latin-1, in the shape that golang.org/x/text has it.
func latin1(r io.Reader) io.Reader { return &latin1Reader{r: r} }

type latin1Reader struct {
	r    io.Reader
	left []byte
}

func (l *latin1Reader) Read(b []byte) (int, error) {
	if len(l.left) == 0 {
		buf := make([]byte, 100)
		n, err := l.r.Read(buf)
		for _, c := range buf[:n] {
			l.left = append(l.left, string(rune(c))...)
		}
		if n == 0 {
			return 0, err
		}
	}
	n := copy(b, l.left)
	l.left = l.left[n:]
	return n, nil
}

// latin1Writer encodes it. Its last character stays with it until Close, as what
// a real encoder may keep.
type latin1Writer struct {
	w    io.Writer
	keep []byte
}

func (l *latin1Writer) Write(b []byte) (int, error) {
	l.keep = append(l.keep, b...)
	all := []rune(string(l.keep))
	for _, c := range all[:max(0, len(all)-1)] {
		if _, err := l.w.Write([]byte{byte(c)}); err != nil {
			return 0, err
		}
	}
	if len(all) > 0 {
		l.keep = []byte(string(all[len(all)-1]))
	}
	return len(b), nil
}

func (l *latin1Writer) Close() error {
	for _, c := range string(l.keep) {
		if _, err := l.w.Write([]byte{byte(c)}); err != nil {
			return err
		}
	}
	return nil
}

func TestText(t *testing.T) {
	leak.Check(t)
	latin := &subprocess.Text{Decode: latin1, Encode: func(w io.Writer) io.Writer { return &latin1Writer{w: w} }}
	for _, c := range []struct {
		name     string
		text     *subprocess.Text
		line     string
		in       string
		out, err string
	}{
		{"bytes", nil, `printf 'a\r\nb\r'`, "", "a\r\nb\r", ""},
		{"universal newlines", &subprocess.Text{}, `printf 'a\r\nb\r'; printf '\rx\n' >&2`, "", "a\nb\n", "\nx\n"},
		{"newlines kept", &subprocess.Text{KeepNewlines: true}, `printf 'a\r\nb\r'`, "", "a\r\nb\r", ""},
		{"decoded", latin, `printf 'caf\351\r\n'`, "", "café\n", ""},
		{"encoded", latin, `cat; od -An -tx1 >&2`, "", "", ""},
		{"there", latin, `od -An -tx1`, "café", " 63 61 66 e9\n", ""},
		{"there and back", latin, `cat`, strings.Repeat("é\nü", 5_000), strings.Repeat("é\nü", 5_000), ""},
		{"newlines between blocks", &subprocess.Text{}, `awk 'BEGIN { for (i = 0; i < 100000; i++) printf "%d\r\n", i % 10 }'`, "", strings.Repeat("0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n", 10_000), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := sh(c.line)
			cmd.Text, cmd.Input = c.text, []byte(c.in)
			check := func(how string, out, errs []byte, err error) {
				if string(out) != c.out || string(errs) != c.err || err != nil {
					t.Errorf("%s: %.100q, %.100q, %v", how, out, errs, err)
				}
			}
			captured := cmd
			captured.Capture = true
			got, err := subprocess.Run(within(t), captured)
			check("Run", got.Stdout, got.Stderr, err)

			var out, errs bytes.Buffer
			copied := cmd
			copied.Stdout, copied.Stderr, copied.Input, copied.Stdin = &out, &errs, nil, strings.NewReader(c.in)
			_, err = subprocess.Run(within(t), copied)
			check("copied", out.Bytes(), errs.Bytes(), err)

			// Half by reading, half by Communicate.
			read := cmd
			read.Stdin, read.Stdout, read.Stderr, read.Input = subprocess.Pipe, subprocess.Pipe, subprocess.Pipe, nil
			read.BufSize = -1
			p := must(t, read)
			if len(c.in) > 1000 {
				rest, other, err := p.Communicate(within(t), []byte(c.in))
				check("not read", rest, other, err)
				return
			}
			io.WriteString(p.Stdin, c.in)
			p.Stdin.Close()
			half := make([]byte, len(c.out)/2)
			if _, err := io.ReadFull(p.Stdout, half); err != nil {
				t.Error(err)
			}
			rest, other, err := p.Communicate(within(t), nil)
			check("read", append(half, rest...), other, err)
		})
	}
}

func TestDecode(t *testing.T) {
	for _, c := range []struct{ in, ignore, replace, backslash string }{
		{"", "", "", ""},
		{"plain", "plain", "plain", "plain"},
		{"€ 𝄞 é", "€ 𝄞 é", "€ 𝄞 é", "€ 𝄞 é"},
		{"a\xffb", "ab", "a\uFFFDb", `a\xffb`},
		{"\xe2\x82", "", "\uFFFD", `\xe2\x82`},
		{"\xe2\x82x", "x", "\uFFFDx", `\xe2\x82x`},
		{"\xf0\x90\x80\xe9", "", "\uFFFD\uFFFD", `\xf0\x90\x80\xe9`},
		{"\xc0\x80", "", "\uFFFD\uFFFD", `\xc0\x80`},
		{"\xed\xa0\x80", "", "\uFFFD\uFFFD\uFFFD", `\xed\xa0\x80`},
		{"\xf5\x80", "", "\uFFFD\uFFFD", `\xf5\x80`},
	} {
		for _, d := range []struct {
			name, want string
			decode     func(io.Reader) io.Reader
		}{
			{"ignore", c.ignore, subprocess.DecodeIgnore},
			{"replace", c.replace, subprocess.DecodeReplace},
			{"backslash", c.backslash, subprocess.DecodeBackslash},
		} {
			for _, r := range []io.Reader{strings.NewReader(c.in), iotest{strings.NewReader(c.in)}} {
				got, err := io.ReadAll(d.decode(r))
				if string(got) != d.want || err != nil {
					t.Errorf("%q, %s: %q, %v, want %q", c.in, d.name, got, err, d.want)
				}
			}
		}
	}
}

func TestDecodeStrict(t *testing.T) {
	leak.Check(t)
	for _, c := range []struct {
		in, good, bad string
	}{
		{"good é", "good é", ""}, {"é\xff€", "é", "\xff"}, {"abc\xe2\x82", "abc", "\xe2\x82"}, {strings.Repeat("é", 1000) + "\xe9x", strings.Repeat("é", 1000), "\xe9"},
	} {
		got, err := io.ReadAll(subprocess.DecodeStrict(iotest{strings.NewReader(c.in)}))
		var wrong *subprocess.DecodeError
		if string(got) != c.good || errors.As(err, &wrong) != (c.bad != "") {
			t.Errorf("%q: %q, %v", c.in, got, err)
		}
		if wrong != nil && (wrong.Offset != int64(len(c.good)) || string(wrong.Bytes) != c.bad || !errors.Is(err, subprocess.ErrSubprocess) || wrong.Error() == "") {
			t.Errorf("%q: %+v", c.in, wrong)
		}
	}
	// The error names the stream; what could be decoded is there, and the code.
	cmd := sh(`printf 'ok\377x'; exit 4`)
	cmd.Capture, cmd.Text = true, &subprocess.Text{Decode: subprocess.DecodeStrict}
	c, err := subprocess.Run(within(t), cmd)
	var wrong *subprocess.DecodeError
	if string(c.Stdout) != "ok" || c.Code != 4 || !errors.As(err, &wrong) || !strings.Contains(err.Error(), "stdout") {
		t.Error(c, err)
	}
}

// The output of a timeout is bytes also in text mode.
func TestTimeoutHasBytes(t *testing.T) {
	leak.Check(t)
	cmd := piped(`printf 'a\r\n'; cat`)
	cmd.Text = &subprocess.Text{}
	p := must(t, cmd)
	var late *subprocess.TimeoutError
	for {
		ctx, cancel := contextAfter(t)
		_, _, err := p.Communicate(ctx, nil)
		cancel()
		if err == nil {
			break
		}
		if !errors.As(err, &late) {
			t.Fatal(err)
		}
	}
	if late != nil && len(late.Stdout) > 0 && string(late.Stdout) != "a\r\n" {
		t.Errorf("%q", late.Stdout)
	}
	if out, _, err := p.Communicate(within(t), nil); string(out) != "a\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
}
