package agent

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// swap is a replacement that must succeed.
func swap(t *testing.T, r Replace) Response {
	t.Helper()
	resp := ask(t, served(t), Request{Replace: &r})
	if resp.Error != "" || resp.Changed {
		t.Fatalf("replace %s: %+v", r.Path, resp)
	}
	if got := read(t, r.Path); got != string(r.New) {
		t.Fatalf("%s holds %q, want %q", r.Path, got, r.New)
	}
	return resp
}

// only fails the test when something else than these files is in the directory.
func only(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		t.Errorf("%s holds %q, want %q", dir, got, names)
	}
}

func stat(t *testing.T, path string) *syscall.Stat_t {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t)
}

func TestReplaceKeepsOwnerAndMode(t *testing.T) {
	for _, mode := range []os.FileMode{0o640, 0o600, 0o444, 0o666} {
		path := filepath.Join(t.TempDir(), "default.conf")
		write(t, path, "old")
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		uid, gid := uint32(os.Getuid()), uint32(os.Getgid())
		if uid == 0 { // nobody else may give files away
			uid, gid = 12345, 54321
			if err := os.Chown(path, int(uid), int(gid)); err != nil {
				t.Fatal(err)
			}
		}
		before := stat(t, path)
		if resp := swap(t, Replace{Path: path, Old: []byte("old"), New: []byte("new")}); !resp.Atomic {
			t.Errorf("mode %o: not a rename: %+v", mode, resp)
		}
		after := stat(t, path)
		if os.FileMode(after.Mode).Perm() != mode || after.Uid != uid || after.Gid != gid {
			t.Errorf("mode %o of %d:%d became %o of %d:%d", mode, uid, gid, after.Mode&0o777, after.Uid, after.Gid)
		}
		if after.Ino == before.Ino {
			t.Errorf("mode %o: the inode stayed, so this was no rename", mode)
		}
		only(t, filepath.Dir(path), "default.conf")
	}
}

func TestReplaceFollowsSymbolicLinks(t *testing.T) {
	dir := t.TempDir()
	available, enabled := filepath.Join(dir, "available"), filepath.Join(dir, "enabled")
	for _, d := range []string{available, enabled} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(available, "shop"), "old")
	for link, target := range map[string]string{"shop.conf": "alias", "alias": "../available/shop"} {
		if err := os.Symlink(target, filepath.Join(enabled, link)); err != nil {
			t.Fatal(err)
		}
	}
	swap(t, Replace{Path: filepath.Join(enabled, "shop.conf"), Old: []byte("old"), New: []byte("new")})
	if got := read(t, filepath.Join(available, "shop")); got != "new" {
		t.Errorf("the file behind the links holds %q", got)
	}
	if target, err := os.Readlink(filepath.Join(enabled, "shop.conf")); err != nil || target != "alias" {
		t.Errorf("the link is %q, %v", target, err)
	}
	only(t, available, "shop")
	only(t, enabled, "alias", "shop.conf")
}

func TestReplaceLeavesWhatSomebodyElseChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "default.conf")
	write(t, path, "edited by hand")
	before := stat(t, path)
	resp := ask(t, served(t), Request{Replace: &Replace{Path: path, Old: []byte("old"), New: []byte("new")}})
	if !resp.Changed || resp.Error == "" || resp.Atomic {
		t.Errorf("answered with %+v", resp)
	}
	if after := stat(t, path); read(t, path) != "edited by hand" || after.Ino != before.Ino || after.Mtim != before.Mtim {
		t.Errorf("the file was touched: %q", read(t, path))
	}
	only(t, filepath.Dir(path), "default.conf")
}

func TestReplaceThatWasDoneAlready(t *testing.T) {
	path := filepath.Join(t.TempDir(), "default.conf")
	write(t, path, "new")
	before := stat(t, path)
	swap(t, Replace{Path: path, Old: []byte("old"), New: []byte("new")})
	if after := stat(t, path); after.Ino != before.Ino || after.Mtim != before.Mtim {
		t.Error("a file that held the new bytes was written again")
	}
}

func TestReplaceOfWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("nowhere", filepath.Join(dir, "dangling.conf")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder.conf"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"missing.conf", "dangling.conf", "folder.conf"} {
		resp := ask(t, served(t), Request{Replace: &Replace{Path: filepath.Join(dir, name), Old: []byte("old"), New: []byte("new")}})
		if resp.Error == "" || resp.Changed != (name != "folder.conf") {
			t.Errorf("%s was answered with %+v", name, resp)
		}
	}
	only(t, dir, "dangling.conf", "folder.conf")
}

// A file may come and go, and a link may be pointed elsewhere; each way back leads to what was there.
func TestReplaceThereAndBack(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"blue.conf": "blue", "green.conf": "green"} {
		write(t, filepath.Join(dir, name), content)
	}
	if err := os.Symlink("blue.conf", filepath.Join(dir, "live.conf")); err != nil {
		t.Fatal(err)
	}
	state := func() (out string) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			target, _ := os.Readlink(filepath.Join(dir, e.Name()))
			out += e.Name() + "=" + read(t, filepath.Join(dir, e.Name())) + target + " "
		}
		return out
	}
	before := state()
	for name, test := range map[string]struct {
		change Replace
		want   string
	}{
		"a file comes":       {Replace{Path: "green.on", New: []byte{}}, "blue.conf=blue green.conf=green green.on= live.conf=blueblue.conf "},
		"a file goes":        {Replace{Path: "green.conf", Old: []byte("green")}, "blue.conf=blue live.conf=blueblue.conf "},
		"a link":             {Replace{Path: "live.conf", Old: []byte("blue"), New: []byte("green"), Link: "green.conf", OldLink: "blue.conf"}, "blue.conf=blue green.conf=green live.conf=greengreen.conf "},
		"a link comes":       {Replace{Path: "also.conf", New: []byte("green"), Link: "green.conf"}, "also.conf=greengreen.conf blue.conf=blue green.conf=green live.conf=blueblue.conf "},
		"a link is followed": {Replace{Path: "live.conf", Old: []byte("blue"), New: []byte("new")}, "blue.conf=new green.conf=green live.conf=newblue.conf "},
	} {
		c := test.change
		c.Path = filepath.Join(dir, c.Path)
		back := Replace{Path: c.Path, Old: c.New, New: c.Old, Link: c.OldLink, OldLink: c.Link}
		for range 2 { // the second time it is done already
			if _, err := c.Write(); err != nil || state() != test.want {
				t.Errorf("%s: %q, %v; want %q", name, state(), err, test.want)
			}
		}
		if _, err := back.Write(); err != nil || state() != before {
			t.Errorf("%s, and back: %q, %v; want %q", name, state(), err, before)
		}
	}
	edited := Replace{Path: filepath.Join(dir, "live.conf"), Old: []byte("blue"), New: []byte("green"), Link: "green.conf", OldLink: "other.conf"}
	if _, err := edited.Write(); !errors.Is(err, ErrChanged) || state() != before {
		t.Errorf("a link that someone pointed elsewhere: %v, %q", err, state())
	}
}

func TestReplaceOverWhatAKilledRunLeft(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "default.conf")
	write(t, path, "old")
	write(t, filepath.Join(dir, ".default.conf.bluegate-tmp"), "half of it, and much longer than what is written now")
	if resp := swap(t, Replace{Path: path, Old: []byte("old"), New: []byte("new")}); !resp.Atomic {
		t.Errorf("not a rename: %+v", resp)
	}
	only(t, dir, "default.conf")
}

func TestReplaceGivesBackTheOldTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "default.conf")
	write(t, path, "old")
	at := time.Date(2026, 11, 20, 11, 45, 0, 123456789, time.UTC)
	swap(t, Replace{Path: path, Old: []byte("old"), New: []byte("new")})
	if info, err := os.Stat(path); err != nil || time.Since(info.ModTime()) > time.Minute {
		t.Errorf("what is written anew has the time %v, %v", info.ModTime(), err)
	}
	swap(t, Replace{Path: path, Old: []byte("new"), New: []byte("old"), ModTime: at})
	if info, err := os.Stat(path); err != nil || !info.ModTime().Equal(at) {
		t.Errorf("what is put back has the time %v, %v; want %v", info.ModTime(), err, at)
	}
}

// Readers see the old file or the new one, and include globs see no other name.
func TestReadersBesideRenames(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "default.conf")
	blue, green := strings.Repeat("server was-blue:3000;\n", 400), strings.Repeat("server was-green:3000; # longer\n", 400)
	write(t, path, blue)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if content, err := os.ReadFile(path); err != nil || string(content) != blue && string(content) != green {
					t.Errorf("a reader saw %d bytes, %v", len(content), err)
					return
				}
				entries, err := os.ReadDir(dir)
				if err != nil {
					t.Error(err)
					return
				}
				for _, e := range entries {
					// filepath.Match lets "*" match a dot at the beginning, which glob(3) does not.
					if ok, _ := filepath.Match("*.conf", e.Name()); ok && e.Name() != "default.conf" || !ok && !strings.HasPrefix(e.Name(), ".") {
						t.Errorf("an include of *.conf, or of *, would take %q", e.Name())
						return
					}
				}
			}
		})
	}
	c := served(t)
	for range 100 {
		for _, r := range []Replace{{Path: path, Old: []byte(blue), New: []byte(green)}, {Path: path, Old: []byte(green), New: []byte(blue)}} {
			if resp := ask(t, c, Request{Replace: &r}); !resp.Atomic || resp.Error != "" {
				t.Fatalf("%+v", resp)
			}
		}
	}
	close(stop)
	readers.Wait()
}

// An edit that comes between the last look and the rename is put back where it was, and so is a file that appears or goes
// there.
func TestTakeLeavesWhatCameMeanwhile(t *testing.T) {
	for name, test := range map[string]struct{ old, there, want []byte }{
		"an edit":          {[]byte("old"), []byte("edited"), []byte("edited")},
		"a new file":       {nil, []byte("someone's"), []byte("someone's")},
		"it was taken":     {[]byte("old"), nil, nil},
		"nothing came":     {[]byte("old"), []byte("old"), []byte("new")},
		"nothing is there": {nil, nil, []byte("new")},
	} {
		dir := t.TempDir()
		path, tmp := filepath.Join(dir, "site.conf"), filepath.Join(dir, ".tmp")
		if test.there != nil {
			if err := os.WriteFile(path, test.there, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(tmp, []byte("new"), 0o644); err != nil {
			t.Fatal(err)
		}
		err := take(tmp, path, Replace{Path: path, Old: test.old, New: []byte("new")})
		if now, _ := os.ReadFile(path); !bytes.Equal(now, test.want) || errors.Is(err, ErrChanged) == (string(test.want) == "new") {
			t.Errorf("%s: %q, %v", name, now, err)
		}
	}
}

// A write in place that is killed between writing and cutting leaves line ends after the new content. The file counts as
// written, and can be put back.
func TestReplaceAfterAKillBeforeTheCut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "default.conf")
	change := Replace{Path: path, Old: []byte("server was-green:3000;\n"), New: []byte("server was-blue:3000;\n"), InPlace: true}
	write(t, path, string(change.New)+"\n")
	if _, err := change.Write(); err != nil {
		t.Errorf("written again: %v", err)
	}
	change.Old, change.New = change.New, change.Old
	if _, err := change.Write(); err != nil {
		t.Errorf("put back: %v", err)
	}
	if got := read(t, path); got != string(change.New) {
		t.Errorf("the file holds %q", got)
	}
}

// What was asked for while a lock was held, and comes after it has ended, is not done.
func TestTooLate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "default.conf")
	if err := os.WriteFile(path, []byte("blue"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := Replace{Path: path, Old: []byte("blue"), New: []byte("green")}
	if resp := ask(t, served(t), Request{Replace: &r, Until: time.Now().Add(-time.Second)}); !resp.Late || resp.Error == "" || read(t, path) != "blue" {
		t.Errorf("%+v, and the file holds %q", resp, read(t, path))
	}
	if resp := ask(t, served(t), Request{Apply: &Apply{Load: true}, Until: time.Now().Add(-time.Second)}); !resp.Late {
		t.Errorf("%+v", resp)
	}
	if resp := ask(t, served(t), Request{Replace: &r, Until: time.Now().Add(time.Hour)}); resp.Late || resp.Error != "" || read(t, path) != "green" {
		t.Errorf("%+v, and the file holds %q", resp, read(t, path))
	}
}
