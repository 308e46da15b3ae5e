//go:build unix

package subprocess_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/conexgo/conex/subprocess"
)

// tree makes files: a name that ends with a slash is a directory, one with an x
// before it may be executed.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		mode := fs.FileMode(0o644)
		if rest, ok := strings.CutPrefix(name, "x "); ok {
			name, mode = rest, 0o755
		}
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			err = os.MkdirAll(path, 0o755)
		} else {
			err = os.WriteFile(path, []byte("#!/bin/sh\necho $0\n"), mode)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestLookPath(t *testing.T) {
	root := tree(t, "x a/prog", "x b/prog", "b/plain", "x c/plain", "c/dir/", "x cwd/here", "x cwd/sub/there", "only", "a/file")
	at := func(path string) string { return filepath.Join(root, path) }
	path := func(dirs ...string) []string {
		for i, dir := range dirs {
			if strings.HasPrefix(dir, "/") {
				dirs[i] = root + dir
			}
		}
		return []string{"PATH=" + strings.Join(dirs, ":")}
	}
	for _, test := range []struct {
		name, dir string
		env       []string
		want      string // a path, or nothing for an error
		is        error
		about     string
	}{
		{"prog", "", path("/a", "/b"), at("a/prog"), nil, ""},
		{"prog", "", path("/b", "/a"), at("b/prog"), nil, ""},
		{"prog", "", append(path("/b"), path("/a")...), at("a/prog"), nil, ""}, // the last PATH holds
		{"plain", "", path("/a", "/b", "/c"), at("c/plain"), nil, ""},          // that of b may not be executed
		{"plain", "", path("/b"), "", fs.ErrPermission, at("b/plain")},
		{"dir", "", path("/c"), "", fs.ErrPermission, "directory"},
		{"nosuch", "", path("/a", "/b"), "", fs.ErrNotExist, "not in any directory of PATH"},
		{"prog", "", path("/a/file", "/none", "/b"), at("b/prog"), nil, ""},
		{"prog", "", path("/a/file"), "", fs.ErrNotExist, ""},
		{"prog", "", []string{"PATH="}, "", fs.ErrNotExist, "PATH is empty"},
		{"sh", "", []string{}, "/bin/sh", nil, ""},
		{"sh", "", []string{"X=1"}, "/bin/sh", nil, ""},
		{"here", at("cwd"), path("", "/a"), "", exec.ErrDot, "relative entry"},
		{"here", at("cwd"), path(".", "/a"), "", exec.ErrDot, "./here"},
		{"there", at("cwd"), path("sub"), "", exec.ErrDot, "sub/there"},
		{"there", at("cwd"), path("sub"), "", fs.ErrNotExist, ""},
		{"prog", at("a"), path(".", "/b"), at("b/prog"), nil, ""},
		{"here", at("cwd"), path("/a"), "", fs.ErrNotExist, ""},
		{"./here", at("cwd"), path("/a"), "./here", nil, ""},
		{"sub/there", at("cwd"), nil, "sub/there", nil, ""},
		{"./here", at("a"), nil, "", fs.ErrNotExist, ""},
		{at("a/prog"), at("cwd"), nil, at("a/prog"), nil, ""},
		{at("only"), "", nil, "", fs.ErrPermission, "may not be executed"},
		{at("c"), "", nil, "", fs.ErrPermission, "directory"},
		{at("c"), "", nil, "", syscall.EISDIR, ""},
		{at("a/file/x"), "", nil, "", syscall.ENOTDIR, ""},
		{".", "", path("/a"), "", fs.ErrPermission, "directory"},
		{"..", "", path("/a"), "", fs.ErrPermission, "directory"},
		{"", "", path("/a"), "", fs.ErrNotExist, "empty"},
		{"a\x00", "", path("/a"), "", fs.ErrInvalid, "NUL"},
		{strings.Repeat("x", 5000), "", path("/a"), "", syscall.ENAMETOOLONG, ""},
	} {
		got, err := subprocess.LookPath(test.name, test.env, test.dir)
		if test.is == nil {
			if got != test.want || err != nil {
				t.Errorf("LookPath(%q, %q, %q) = %q, %v, want %q", test.name, test.env, test.dir, got, err, test.want)
			}
			continue
		}
		var path *fs.PathError
		if got != "" || !errors.Is(err, test.is) || !errors.As(err, &path) || !strings.Contains(err.Error(), test.about) {
			t.Errorf("LookPath(%.40q, %q, %q) = %q, %v, which should say %q and match %v", test.name, test.env, test.dir, got, err, test.about, test.is)
		}
	}
}

// What LookPath says is what runs.
func TestLookPathRuns(t *testing.T) {
	root := tree(t, "x a/prog", "x cwd/prog")
	for _, test := range []struct {
		cmd  subprocess.Cmd
		want string
	}{
		{subprocess.Cmd{Args: []string{"prog"}, Env: []string{"PATH=" + root + "/a"}, Dir: root + "/cwd"}, root + "/a/prog"},
		{subprocess.Cmd{Args: []string{"./prog"}, Dir: root + "/cwd"}, "./prog"},
		{subprocess.Cmd{Args: []string{"another", "x"}, Executable: root + "/a/prog"}, root + "/a/prog"},
		{subprocess.Cmd{Args: []string{"another"}, Executable: "prog", Env: []string{"PATH=" + root + "/a"}}, root + "/a/prog"},
		{subprocess.Shell("echo $0-$1", "one", "two"), "one-two"},
		{subprocess.Shell("echo $0"), "/bin/sh"},
	} {
		test.cmd.Capture = true
		done, err := subprocess.Run(t.Context(), test.cmd)
		if got := strings.TrimSpace(string(done.Stdout)); got != test.want || err != nil {
			t.Errorf("%v says %q, %v, want %q", test.cmd, got, err, test.want)
		}
	}
}

func TestStartErrors(t *testing.T) {
	root := tree(t, "x a/prog", "file", "dir/")
	for _, test := range []struct {
		about string
		cmd   subprocess.Cmd
		is    error
		path  string
	}{
		{"missing program", subprocess.Command("nosuch-program"), fs.ErrNotExist, "nosuch-program"},
		{"missing file", subprocess.Command("/no/such/file"), fs.ErrNotExist, "/no/such/file"},
		{"missing Executable", subprocess.Cmd{Args: []string{"true"}, Executable: "/no/such"}, fs.ErrNotExist, "/no/such"},
		{"missing shell", subprocess.Cmd{Args: subprocess.Shell("true").Args, Executable: "/no/sh"}, fs.ErrNotExist, "/no/sh"},
		{"directory", subprocess.Command(root + "/dir"), fs.ErrPermission, root + "/dir"},
		{"no permission", subprocess.Command(root + "/file"), fs.ErrPermission, root + "/file"},
		{"missing Dir", subprocess.Cmd{Args: []string{"true"}, Dir: root + "/none"}, fs.ErrNotExist, root + "/none"},
		{"Dir is a file", subprocess.Cmd{Args: []string{"true"}, Dir: root + "/file"}, syscall.ENOTDIR, root + "/file"},
		{"relative to Dir", subprocess.Cmd{Args: []string{"./prog"}, Dir: root + "/dir"}, fs.ErrNotExist, "./prog"},
	} {
		p, err := subprocess.Start(t.Context(), test.cmd)
		var path *fs.PathError
		if p != nil || !errors.Is(err, test.is) || !errors.As(err, &path) || path.Path != test.path {
			t.Errorf("%s: %v, %v", test.about, p, err)
		}
	}
}
