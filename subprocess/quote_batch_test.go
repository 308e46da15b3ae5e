package subprocess

import (
	"errors"
	"strings"
	"testing"
)

func TestBatch(t *testing.T) {
	for path, want := range map[string]bool{
		`C:\a.bat`: true, `C:\a.CMD`: true, `a.bat. .`: true, `a.cmd   `: true, `a.bat.exe`: false, `bat`: false, `C:\x.bat\a.exe`: false,
	} {
		if got := isBatch(path); got != want {
			t.Errorf("isBatch(%q) = %v", path, got)
		}
	}

	got, err := batchLine(`C:\W S\cmd.exe`, `C:\My Files\x.bat`, []string{"plain", "", "a b", "x&calc", `p\`, `C:\d`, "^|<>()!", "é"})
	want := `"C:\W S\cmd.exe" /e:ON /v:OFF /d /s /c ""C:\My Files\x.bat" plain "" "a b" "x&calc" "p\\" C:\d "^|<>()!" "é""`
	if got != want || err != nil {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
	for _, evil := range []string{`"&calc&"`, "%PATH%", "a\nb", "a\rb", `\"`, "100%"} {
		_, err := batchLine(`C:\cmd.exe`, `C:\x.bat`, []string{"ok", evil})
		var bad *ArgumentError
		if !errors.As(err, &bad) || bad.Field != "Args[2]" || !strings.Contains(bad.Reason, "batch file") {
			t.Errorf("%q: %v", evil, err)
		}
	}
	if _, err := batchLine(`C:\cmd.exe`, `C:\%TEMP%\x.bat`, nil); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
}

// Whatever is let pass, cmd.exe sees nothing outside of quotes that means
// something to it.
func FuzzBatch(f *testing.F) {
	f.Add("a", `b c\`)
	f.Add(`&calc`, `"x`)
	f.Fuzz(func(t *testing.T, a, b string) {
		line, err := batchLine("cmd.exe", "x.bat", []string{a, b})
		if err != nil {
			if !strings.ContainsAny(a+b, "\"%\r\n") {
				t.Errorf("%q %q: %v", a, b, err)
			}
			return
		}
		inner, found := strings.CutPrefix(line, `cmd.exe /e:ON /v:OFF /d /s /c "`)
		inner, found2 := strings.CutSuffix(inner, `"`)
		if !found || !found2 {
			t.Fatalf("%s", line)
		}
		quoted := false
		for _, r := range inner {
			switch {
			case r == '"':
				quoted = !quoted
			case strings.ContainsRune("%\r\n", r), !quoted && strings.ContainsRune("&|<>^()!,;=\t", r):
				t.Fatalf("%q in %s", r, line)
			}
		}
		if quoted {
			t.Errorf("a quote is open in %s", line)
		}
	})
}
