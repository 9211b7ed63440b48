package helper

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Where a file is mounted by itself no rename reaches it: the mount shows the inode, not the name.

// asker asks a helper that sees a folder as it is mounted for it.
type asker func(Request) Response

// mountedFile is a file that is a mount point where the asker looks at it, and that is read at path by everybody else.
func mountedFile(t *testing.T, content string) (path, seen string, ask asker) {
	t.Helper()
	dir := t.TempDir()
	path, seen = filepath.Join(dir, "on-the-host.conf"), filepath.Join(dir, "default.conf")
	write(t, path, content)
	write(t, seen, "")
	if err := syscall.Mount(path, seen, "", syscall.MS_BIND, ""); err == nil {
		t.Cleanup(func() {
			if err := syscall.Unmount(seen, 0); err != nil {
				t.Error(err)
			}
		})
		return path, seen, here(t)
	}
	return path, "/default.conf", inContainer(t, path+":/default.conf")
}

func here(t *testing.T) asker {
	c := served(t)
	return func(req Request) Response { return ask(t, c, req) }
}

// inContainer serves from the demo shop's image, for those who may not mount. The file must be writable for its user.
func inContainer(t *testing.T, volume string) asker {
	t.Helper()
	cmd := exec.Command("docker", "run", "--rm", "-i", "--label", "bluegate.test=helper", "--network", "none", "-v", volume,
		"--entrypoint", "/healthcheck", "bluegate-shop:v1", "--serve")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatalf("this user may not mount, and there is no docker to do it (testdata/engine/ensure.sh): %v", err)
	}
	answers, pipe := io.Pipe()
	go func() {
		_, err := io.Copy(pipe, out)
		_ = pipe.CloseWithError(err)
	}()
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("docker run: %v: %s (testdata/shop/images.sh makes the image)", err, &stderr)
		}
	})
	c := NewClient(in, answers)
	return func(req Request) Response { return ask(t, c, req) }
}

func TestReplaceOfAMountedFile(t *testing.T) {
	for name, after := range map[string]string{
		"longer": "upstream was { server was-green:3000; } # and more\n", "as long": "UPSTREAM was { server was-blue:3000; }\n",
		"shorter": "short\n", "empty": "",
	} {
		t.Run(name, func(t *testing.T) {
			const before = "upstream was { server was-blue:3000; }\n"
			path, seen, ask := mountedFile(t, before)
			if err := os.Chmod(path, 0o666); err != nil {
				t.Fatal(err)
			}
			inode := stat(t, path).Ino
			resp := ask(Request{Replace: &Replace{Path: seen, Old: []byte(before), New: []byte(after)}})
			if resp.Error != "" || resp.Atomic || resp.Changed {
				t.Fatalf("answered with %+v", resp)
			}
			if got := read(t, path); got != after {
				t.Errorf("the host has %q, want %q", got, after)
			}
			if now := stat(t, path); now.Ino != inode || now.Mode&0o777 != 0o666 {
				t.Errorf("inode %d became %d, mode %o", inode, now.Ino, now.Mode)
			}
			only(t, filepath.Dir(path), "default.conf", "on-the-host.conf")

			at := time.Date(2026, 11, 20, 11, 45, 0, 987654321, time.UTC)
			resp = ask(Request{Replace: &Replace{Path: seen, Old: []byte(after), New: []byte(before), ModTime: at}})
			if info, err := os.Stat(path); resp.Error != "" || err != nil || read(t, path) != before || !info.ModTime().Equal(at) {
				t.Errorf("back: %+v, %q, %v", resp, read(t, path), info.ModTime())
			}
		})
	}
}

func TestReaderOfAMountedFileNeverFindsItEmpty(t *testing.T) {
	blue, green := strings.Repeat("server was-blue:3000;\n", 100), strings.Repeat("s;\n", 100)
	path, seen, ask := mountedFile(t, blue)
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
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
			if resp := ask(Request{Replace: &r}); resp.Error != "" {
				t.Fatal(resp.Error)
			}
		}
	}
	close(stop)
	<-ended
}

// smallDisk is a file system of 64 KiB. Only root can mount one, and CI runs these tests as root.
func smallDisk(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"+options); err != nil {
		t.Fatalf("mount a small disk: %v; run this test as root", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestFullDiskLeavesTheOldFile(t *testing.T) {
	dir := smallDisk(t, "")
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
	dir := smallDisk(t, "")
	path, seen := filepath.Join(dir, "on-the-host.conf"), filepath.Join(dir, "default.conf")
	old := bytes.Repeat([]byte("old\n"), 1000)
	write(t, path, string(old))
	write(t, seen, "")
	if err := syscall.Mount(path, seen, "", syscall.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	defer syscall.Unmount(seen, 0)
	write(t, filepath.Join(dir, "ballast"), strings.Repeat("x", 52<<10)) // what is left takes the temporary file, or little more
	resp := ask(t, served(t), Request{Replace: &Replace{Path: seen, Old: old, New: bytes.Repeat([]byte("y"), 100<<10)}})
	if resp.Error == "" {
		t.Errorf("answered with %+v", resp)
	}
	if got := read(t, path); got != string(old) {
		t.Errorf("the old content is not there any more: %d bytes, %.20q", len(got), got)
	}
}

func TestReadOnlyFolder(t *testing.T) {
	dir := smallDisk(t, "")
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
