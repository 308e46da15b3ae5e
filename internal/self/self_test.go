package self

import "testing"

func TestSource(t *testing.T) {
	if Hand("nobody", false) != nil {
		t.Error("something without a source")
	}
	Take([]byte("ignored"))
	var took string
	Register(Source{
		Hand: func(name string, daemon bool) []byte {
			if daemon {
				name += ", a daemon"
			}
			return []byte(name)
		},
		Take: func(b []byte) { took = string(b) },
	})
	Take(Hand("it", true))
	if took != "it, a daemon" {
		t.Errorf("%q", took)
	}
	took = ""
	if Take(nil); took != "" {
		t.Error("nothing was taken")
	}
}
