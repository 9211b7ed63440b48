package overlay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// job is what Main reads.
type job struct {
	Stage string   `json:"stage"` // an empty directory; what is mounted on it nobody else sees
	Files []File   `json:"files"`
	Argv  []string `json:"argv"`
}

// Command is a command that sees the files. self is how this executable is called so that it calls Main; stage is an
// empty directory, which stays empty.
func Command(ctx context.Context, self []string, stage string, files []File, argv ...string) (*exec.Cmd, error) {
	text, err := json.Marshal(job{Stage: stage, Files: files, Argv: argv})
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self[0], self[1:]...)
	cmd.Stdin = bytes.NewReader(text)
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 {
		// Only root may mount; in a user namespace of its own anybody is root, where the kernel allows one.
		cmd.SysProcAttr.Unshareflags, cmd.SysProcAttr.Cloneflags = 0, syscall.CLONE_NEWNS|syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	return cmd, nil
}

// Main rearranges the mounts and becomes the command. It returns only when it fails.
func Main(in io.Reader) error {
	var j job
	if err := json.NewDecoder(in).Decode(&j); err != nil {
		return fmt.Errorf("read what to show: %w", err)
	}
	// Go has made the mounts private where it unshared them; in a user namespace that is still to be done.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	if err := syscall.Mount("tmpfs", j.Stage, "tmpfs", 0, "mode=0755"); err != nil {
		return fmt.Errorf("make room for the changed files: %w", err)
	}
	byDir := map[string][]File{}
	for _, f := range j.Files {
		byDir[filepath.Dir(f.Path)] = append(byDir[filepath.Dir(f.Path)], f)
	}
	for i, dir := range slices.Sorted(maps.Keys(byDir)) { // a directory before those in it
		if err := cover(dir, filepath.Join(j.Stage, strconv.Itoa(i)), byDir[dir]); err != nil {
			return fmt.Errorf("show %s changed: %w", dir, err)
		}
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	if err := syscall.Dup3(int(null.Fd()), 0, 0); err != nil {
		return err
	}
	return fmt.Errorf("run %s: %w", j.Argv[0], syscall.Exec(j.Argv[0], j.Argv, os.Environ()))
}

// cover lays over a directory one that holds the same, except for the files.
func cover(dir, stage string, files []File) error {
	if dir == "/" {
		return errors.New("a file in the root directory cannot be shown changed")
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if err := errors.Join(os.Mkdir(stage, 0o700), os.Chmod(stage, info.Mode().Perm())); err != nil {
		return err
	}
	changed := map[string]bool{}
	for _, f := range files {
		changed[filepath.Base(f.Path)] = true
		if err := f.put(filepath.Join(stage, filepath.Base(f.Path))); err != nil {
			return err
		}
	}
	for _, e := range entries {
		if changed[e.Name()] {
			continue
		}
		if err := show(filepath.Join(dir, e.Name()), filepath.Join(stage, e.Name()), e); err != nil {
			return err
		}
	}
	return syscall.Mount(stage, dir, "", syscall.MS_BIND|syscall.MS_REC, "")
}

// put makes the file as it is to look.
func (f File) put(path string) error {
	switch {
	case f.Absent:
		return nil
	case f.Link != "":
		return os.Symlink(f.Link, path)
	}
	if err := os.WriteFile(path, f.Content, 0o600); err != nil {
		return err
	}
	// In a user namespace there are no other owners. The command is the owner there, and may read it all the same.
	_ = os.Chown(path, f.UID, f.GID)
	return os.Chmod(path, f.Mode.Perm())
}

// show makes an entry of the directory visible in the stage.
func show(from, to string, e os.DirEntry) error {
	switch {
	case e.Type()&os.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	case e.IsDir():
		if err := os.Mkdir(to, 0o755); err != nil {
			return err
		}
	default:
		if err := os.WriteFile(to, nil, 0o600); err != nil {
			return err
		}
	}
	return syscall.Mount(from, to, "", syscall.MS_BIND|syscall.MS_REC, "")
}
