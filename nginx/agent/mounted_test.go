package agent

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Where a file is mounted by itself no rename reaches it: the mount shows the inode, not the name.

// privileged says whether this process may mount, and give files away. Where it may not, the test runs as root in a
// container, and its verdict is the one from there.
func privileged(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() == 0 {
		return true
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// That image has a C library, which a test binary may need.
	out, err := exec.Command("docker", "run", "--rm", "--cap-add", "SYS_ADMIN", "--security-opt", "apparmor=unconfined", "--network", "none", "--tmpfs", "/tmp", "--label", "bluegate.test=helper",
		"-v", self+":/helper.test:ro", "--entrypoint", "/helper.test", "bluegate-nginx:1.30", "-test.run=^"+t.Name()+"$", "-test.count=1").CombinedOutput()
	if err != nil {
		t.Errorf("as root in a container (needs testdata/engine/ensure.sh and testdata/nginx/image.sh): %v\n%s", err, out)
	}
	return false
}

// mountedFile is a file that lies on the disk of dir, and a mount point that shows it.
func mountedFile(t *testing.T, dir, content string) (path, seen string) {
	t.Helper()
	path, seen = filepath.Join(dir, "on-the-host.conf"), filepath.Join(t.TempDir(), "default.conf")
	write(t, path, content)
	write(t, seen, "")
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount(path, seen, "", syscall.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(seen, 0); err != nil {
			t.Error(err)
		}
	})
	return path, seen
}

func TestReplaceOfAMountedFile(t *testing.T) {
	if !privileged(t) {
		return
	}
	for name, after := range map[string]string{
		"longer": "upstream was { server was-green:3000; } # and more\n", "as long": "UPSTREAM was { server was-blue:3000; }\n",
		"shorter": "short\n", "empty": "",
	} {
		t.Run(name, func(t *testing.T) {
			const before = "upstream was { server was-blue:3000; }\n"
			path, seen := mountedFile(t, t.TempDir(), before)
			c := served(t)
			inode := stat(t, path).Ino
			resp := ask(t, c, Request{Replace: &Replace{Path: seen, Old: []byte(before), New: []byte(after)}})
			if resp.Error != "" || resp.Atomic || resp.Changed {
				t.Fatalf("answered with %+v", resp)
			}
			if got := read(t, path); got != after {
				t.Errorf("the host has %q, want %q", got, after)
			}
			if now := stat(t, path); now.Ino != inode || now.Mode&0o777 != 0o666 {
				t.Errorf("inode %d became %d, mode %o", inode, now.Ino, now.Mode)
			}
			only(t, filepath.Dir(seen), "default.conf")

			at := time.Date(2026, 11, 20, 11, 45, 0, 987654321, time.UTC)
			resp = ask(t, c, Request{Replace: &Replace{Path: seen, Old: []byte(after), New: []byte(before), ModTime: at}})
			if info, err := os.Stat(path); resp.Error != "" || err != nil || read(t, path) != before || !info.ModTime().Equal(at) {
				t.Errorf("back: %+v, %q, %v", resp, read(t, path), info.ModTime())
			}
		})
	}
}

func TestReaderOfAMountedFileNeverFindsItEmpty(t *testing.T) {
	if !privileged(t) {
		return
	}
	blue, green := strings.Repeat("server was-blue:3000;\n", 100), strings.Repeat("s;\n", 100)
	path, seen := mountedFile(t, t.TempDir(), blue)
	c := served(t)
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-stop:
				return
			default:
			}
			content, err := os.ReadFile(path)
			// A reader may find one file's beginning before the other's end, but never less than the shorter one.
			if err != nil || len(content) < len(green) {
				t.Errorf("a reader found %d bytes, %v", len(content), err)
				return
			}
		}
	}()
	for range 100 {
		for _, r := range []Replace{{Path: seen, Old: []byte(blue), New: []byte(green)}, {Path: seen, Old: []byte(green), New: []byte(blue)}} {
			if resp := ask(t, c, Request{Replace: &r}); resp.Error != "" {
				t.Fatal(resp.Error)
			}
		}
	}
	close(stop)
	<-ended
}

// smallDisk is a file system of 64 KiB.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestFullDiskLeavesTheOldFile(t *testing.T) {
	if !privileged(t) {
		return
	}
	dir := smallDisk(t)
	path := filepath.Join(dir, "default.conf")
	old := bytes.Repeat([]byte("old\n"), 1000)
	write(t, path, string(old))
	resp := ask(t, served(t), Request{Replace: &Replace{Path: path, Old: old, New: bytes.Repeat([]byte("x"), 100<<10)}})
	if !strings.Contains(resp.Error, "no space left") || resp.Changed {
		t.Errorf("answered with %+v", resp)
	}
	if read(t, path) != string(old) {
		t.Error("the old content is not there any more")
	}
	only(t, dir, "default.conf")
}

func TestFullDiskUnderAMountedFile(t *testing.T) {
	if !privileged(t) {
		return
	}
	old := bytes.Repeat([]byte("old\n"), 1000)
	path, seen := mountedFile(t, smallDisk(t), string(old))
	resp := ask(t, served(t), Request{Replace: &Replace{Path: seen, Old: old, New: bytes.Repeat([]byte("y"), 100<<10)}})
	if !strings.Contains(resp.Error, "no space left") || !strings.Contains(resp.Error, "in place") || resp.Changed {
		t.Errorf("answered with %+v", resp)
	}
	if got := read(t, path); got != string(old) {
		t.Errorf("the old content is not there any more: %d bytes, %.20q", len(got), got)
	}
}

func TestReadOnlyFolder(t *testing.T) {
	if !privileged(t) {
		return
	}
	dir := smallDisk(t)
	path := filepath.Join(dir, "default.conf")
	write(t, path, "old")
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, "size=64k"); err != nil {
		t.Fatal(err)
	}
	resp := ask(t, served(t), Request{Replace: &Replace{Path: path, Old: []byte("old"), New: []byte("new")}})
	if !strings.Contains(resp.Error, "read-only file system") || resp.Changed || read(t, path) != "old" {
		t.Errorf("answered with %+v", resp)
	}
}
