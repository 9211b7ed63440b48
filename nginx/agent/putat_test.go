package agent

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"bluegate/nginx/fsys"
)

// A file has its own time, except for one that was put in its place with an old time.
func TestPutAt(t *testing.T) {
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	// pause makes what comes next another moment than what was before.
	pause := func() { time.Sleep(2 * fsys.Together) }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		do    func(dir, file string) error
		young bool // it holds what it holds since this test
	}{
		"untouched":                  {func(string, string) error { return nil }, false},
		"written":                    {func(_, file string) error { return os.WriteFile(file, []byte("new"), 0o644) }, true},
		"chmod":                      {func(_, file string) error { return os.Chmod(file, 0o600) }, false},
		"a second name":              {func(dir, file string) error { return os.Link(file, dir+"/again") }, false},
		"another file comes":         {func(dir, _ string) error { return os.WriteFile(dir+"/other", nil, 0o644) }, false},
		"an old file is moved there": {func(dir, file string) error { return os.Rename(dir+"/backup", file) }, true},
		"an old file is copied there": {func(dir, file string) error {
			_ = os.Remove(file)
			_ = os.WriteFile(file, []byte("old"), 0o644)
			return os.Chtimes(file, old, old)
		}, true},
		"put back by us": {func(_, file string) error {
			swap(t, Replace{Path: file, Old: []byte("live"), New: []byte("new")})
			_, err := Replace{Path: file, Old: []byte("new"), New: []byte("live"), ModTime: old}.Write()
			return err
		}, false},
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "shop.conf")
		link := filepath.Join(t.TempDir(), "link.conf")
		write(t, file, "live")
		write(t, dir+"/backup", "old")
		must(os.Chtimes(file, old, old))
		must(os.Chtimes(dir+"/backup", old, old))
		must(os.Symlink(file, link))
		pause()
		began := time.Now()
		pause()
		must(test.do(dir, file))
		for _, path := range []string{file, link} {
			at, err := fsys.ContentChangedAt(path)
			if err != nil || at.After(began) != test.young {
				t.Errorf("%s: %s, %v; the test began %s", name, at, err, began)
			}
		}
	}
}

// Whoever points a link elsewhere changes what is read through it, however old that is.
func TestPutAtOfALink(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	for _, name := range []string{"blue.conf", "green.conf"} {
		write(t, filepath.Join(dir, name), name)
		if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(dir, "live.conf")
	forward := Replace{Path: link, New: []byte("green.conf"), Link: "green.conf"}
	if _, err := forward.Write(); err != nil {
		t.Fatal(err)
	}
	if at, err := fsys.ContentChangedAt(link); err != nil || time.Since(at) > time.Minute {
		t.Errorf("a new link: %s, %v", at, err)
	}
	time.Sleep(2 * fsys.Together)
	back := Replace{Path: link, Old: []byte("green.conf"), New: []byte("blue.conf"), Link: "blue.conf", OldLink: "green.conf", ModTime: old}
	if _, err := back.Write(); err != nil {
		t.Fatal(err)
	}
	if at, err := fsys.ContentChangedAt(link); err != nil || !at.Equal(old) {
		t.Errorf("a link that was put back: %s, %v; want %s", at, err, old)
	}
	if _, err := fsys.ContentChangedAt(filepath.Join(dir, "none")); err == nil {
		t.Error("a time of what is not there")
	}
}

// Nor does it matter whether that link leads to the file or to a folder above it.
func TestPutAtOfALinkedFolder(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	for _, name := range []string{"blue", "green"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name, "app.conf"), name)
	}
	time.Sleep(2 * fsys.Together)
	for _, name := range []string{"blue", "green"} {
		if err := os.Chtimes(filepath.Join(dir, name, "app.conf"), old, old); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("green", filepath.Join(dir, "current")); err != nil {
		t.Fatal(err)
	}
	for path, young := range map[string]bool{"current/app.conf": true, "current/../blue/app.conf": true, "green/app.conf": false} {
		if at, err := fsys.ContentChangedAt(dir + "/" + path); err != nil || (time.Since(at) < time.Minute) != young {
			t.Errorf("%s: %s, %v", path, at, err)
		}
	}
}
