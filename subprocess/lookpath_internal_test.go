//go:build unix

package subprocess

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// For another user only what nobody may execute is passed over: the rest is for
// the system to say.
func TestLookPathForAnother(t *testing.T) {
	root := t.TempDir()
	for file, mode := range map[string]fs.FileMode{"none/prog": 0o644, "owner/prog": 0o700, "all/prog": 0o755} {
		path := filepath.Join(root, file)
		if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	env := []string{"PATH=" + root + "/none:" + root + "/owner:" + root + "/all"}
	if got, err := lookPath("prog", env, "", true); got != root+"/owner/prog" || err != nil {
		t.Error(got, err)
	}
	if got, err := lookPath("prog", []string{"PATH=" + root + "/none"}, "", true); !errors.Is(err, fs.ErrPermission) {
		t.Error(got, err)
	}
}
