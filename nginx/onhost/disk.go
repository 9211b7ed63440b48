//go:build linux

package onhost

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/nginx/agent"
	"bluegate/nginx/conf"
	"bluegate/nginx/fsys"
	"bluegate/nginx/instance"
)

// Files implements instance.Instance.
func (h *Nginx) Files(context.Context) fsys.Source {
	if root := foreignRoot(h.Master.PID); root != "" {
		return fsys.NewDisk(func(real string) error { return sharedWith(root, real) })
	}
	return fsys.NewDisk(nil)
}

// foreignRoot is where the files of a process are seen that has mounts of its own. It is empty where it has the same as
// this process, and where one may not look.
func foreignRoot(pid int) string {
	dir := filepath.Join(agent.Proc, strconv.Itoa(pid))
	theirs, err1 := os.Readlink(dir + "/ns/mnt")
	ours, err2 := os.Readlink(agent.Proc + "/self/ns/mnt")
	if err1 != nil || err2 != nil || theirs == ours {
		return ""
	}
	return dir + "/root"
}

// sharedWith wants nginx to see the same file below its own root, where its mounts are its own: a service of systemd's may
// have a /tmp, or any other folder, that nobody else sees.
func sharedWith(root, real string) error {
	ours, err := os.Stat(real)
	if err != nil {
		return err
	}
	theirs, err := os.Stat(root + real)
	if errors.Is(err, fs.ErrPermission) || err == nil && os.SameFile(ours, theirs) {
		return nil
	}
	what := "sees another file there"
	if errors.Is(err, fs.ErrNotExist) {
		what = "sees no file there"
	} else if err != nil {
		return err
	}
	return model.Refuse(model.ConfigNotLoaded, "%s: nginx has mounts of its own and %s, so that a switch would not reach it; look at its unit (systemctl cat nginx: PrivateTmp=, BindPaths=, TemporaryFileSystem= and the like), and keep the configuration where these do not apply, or restart nginx if the folder was mounted after it had started", real, what)
}

// PathInside implements instance.Instance: nginx sees what we see, or entry refuses.
func (h *Nginx) PathInside(hostPath string) (string, bool) { return hostPath, true }

// Replace implements instance.Instance.
func (h *Nginx) Replace(_ context.Context, f model.FileChange, stamp time.Time) error {
	if _, err := h.opts.LeaseEnd(); err != nil {
		return err
	}
	_, err := agent.Replace{Path: f.Path, Old: f.Old, New: f.New, Link: f.Link, OldLink: f.OldLink, Private: f.Private, ModTime: stamp}.Write()
	if errors.Is(err, agent.ErrChanged) {
		return instance.ErrForeign
	}
	return err
}

// AtStart implements instance.Instance.
func (h *Nginx) AtStart(ctx context.Context, f model.FileChange) (fsys.State, error) {
	state, _, err := fsys.StateOf(h.Files(ctx), f)
	return state, err
}

// ReplacedOutside implements instance.Instance: files refuses what nginx does not see.
func (h *Nginx) ReplacedOutside(context.Context, string, []byte) (bool, error) { return false, nil }

// tailOfLog is as much of an error log as is looked at.
const tailOfLog = 64 << 10

// LastError implements instance.Instance. The log is the one that the configuration names outside every block, or the one that nginx
// was built with; a line of the master's bears its pid.
func (h *Nginx) LastError(ctx context.Context, since time.Time) string {
	log := h.errorLog(ctx)
	f, err := os.Open(log)
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return ""
	} else if info.Size() > tailOfLog {
		_, _ = f.Seek(-tailOfLog, io.SeekEnd)
	}
	last := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		at, err := time.ParseInLocation("2006/01/02 15:04:05", line[:min(len(line), 19)], time.Local)
		if err != nil || at.Before(since.Truncate(time.Second)) || !strings.Contains(line, "] "+strconv.Itoa(h.Master.PID)+"#") {
			continue
		}
		if strings.Contains(line, "[emerg]") || strings.Contains(line, "[alert]") {
			last = strings.TrimSpace(redact.Sanitize(line))
		}
	}
	return last
}

func (h *Nginx) errorLog(ctx context.Context) string {
	log := h.log
	tree, err := conf.LoadTree(h.Files(ctx), h.main)
	if err != nil || len(tree) == 0 {
		return log
	}
	for _, d := range tree[0].Directives {
		if d.Name.Value == "error_log" && len(d.Args) > 0 && !bytes.Contains([]byte(d.Args[0].Value), []byte(":")) && d.Args[0].Value != "stderr" {
			log = h.within(path.Clean(d.Args[0].Value))
		}
	}
	return log
}
