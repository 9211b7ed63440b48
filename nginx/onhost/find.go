//go:build linux

package onhost

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/nginx/agent"
	"bluegate/nginx/conf"
	"bluegate/nginx/instance"
	"bluegate/nginx/mode"
)

// Find looks for the nginx of this machine: the one with the configuration that the options name, or the one
// that includes the file which is written at a switch, or the one whose configuration names a port that the colours
// publish. It returns nil when there is none.
func Find(ctx context.Context, opts instance.Options, dir *model.Addresses) (*Nginx, error) {
	all, err := agent.Processes(agent.Scope{})
	if err != nil {
		return nil, err
	}
	masters, err := hostedMasters(ctx, opts, all)
	if err != nil {
		return nil, err
	}
	var found []*Nginx
	for _, tells := range hostedSigns(opts) {
		for _, h := range masters {
			ok, err := tells(h, ctx, dir)
			if err != nil {
				return nil, err
			}
			if ok {
				found = append(found, h)
			}
		}
		if len(found) > 0 {
			break
		}
	}
	if len(found) == 0 && opts.Host && opts.Config == "" && len(masters) == 1 {
		found = masters // which place names the colour is the mode's to say
	}
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return found[0], nil
	}
	var which []string
	for _, h := range found {
		which = append(which, fmt.Sprintf("process %d with %s", h.Master.PID, h.main))
	}
	return nil, &model.UnreachableError{What: "nginx", Err: fmt.Errorf("several masters on this host could be meant: %s; name the configuration of one in bluegate.yml (nginx.config)", strings.Join(which, ", "))}
}

// A sign tells whether an nginx is the one to be switched.
type sign func(*Nginx, context.Context, *model.Addresses) (bool, error)

// hostedSigns are the signs that count, the surest first: a later one is asked only where no nginx shows an earlier one.
func hostedSigns(opts instance.Options) []sign {
	if opts.Config != "" {
		return []sign{(*Nginx).hasNamedConfig}
	}
	return []sign{(*Nginx).includesTarget, (*Nginx).namesColour}
}

func (h *Nginx) hasNamedConfig(context.Context, *model.Addresses) (bool, error) {
	return samePath(h.main, h.opts.Config), nil
}

// includesTarget says whether the configuration includes the file that the settings name as nginx.to.
func (h *Nginx) includesTarget(ctx context.Context, _ *model.Addresses) (bool, error) {
	s := h.opts.Settings
	if s.To == "" {
		return false, nil
	}
	c, err := h.read(ctx)
	if err != nil || c.Tree == nil {
		return false, err
	}
	target, err := c.Located("nginx.to", s.Dir, s.To)
	if err == nil {
		_, err = c.Included(target)
	}
	return err == nil, nil
}

// namesColour says whether the configuration names an address of a colour, in a variable too.
func (h *Nginx) namesColour(ctx context.Context, dir *model.Addresses) (bool, error) {
	c, err := h.read(ctx)
	if err != nil || c.Tree == nil {
		return false, err
	}
	names, err := mode.NamesAny(c.Tree, dir.SeenFrom(h.IsDockerHost).OnlyPublished())
	return names || err != nil, nil
}

// read reads the configuration. There is no tree where that cannot be read: another nginx, with troubles of its own.
func (h *Nginx) read(ctx context.Context) (mode.Configuration, error) {
	c := mode.Configuration{Nginx: h, Files: h.Files(ctx), Main: h.main, SeenAs: h.PathInside}
	how, err := h.opts.Settings.Build()
	if err != nil {
		return c, nil // which Observe says
	}
	absent, err := how.StandIn(c)
	if err == nil {
		c.Tree, err = conf.LoadTree(mode.Replaced{Source: c.Files, Changed: absent}, h.main)
	}
	var syntax *conf.SyntaxError
	var refused *model.RefusedError
	if errors.As(err, &syntax) || errors.As(err, &refused) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return c, nil
	}
	return c, err
}

func samePath(a, b string) bool {
	one, err1 := filepath.EvalSymlinks(a)
	other, err2 := filepath.EvalSymlinks(b)
	return a == b || err1 == nil && err2 == nil && one == other
}

// hostedMasters are the masters that run on this machine and in none of its containers. Only those of root and of the
// caller: to look at an nginx its executable is run, and nobody else's is.
func hostedMasters(ctx context.Context, opts instance.Options, all []agent.Process) (found []*Nginx, err error) {
	isMaster := func(p agent.Process) bool { return strings.HasPrefix(p.Title, agent.MasterTitle) }
	for _, p := range all {
		child := slices.ContainsFunc(all, func(o agent.Process) bool { return isMaster(o) && o.PID == p.PPID })
		if !isMaster(p) || child || !trusted(p.PID) {
			continue
		}
		h := &Nginx{opts: opts, Master: p, here: &agent.Agent{}}
		_, h.flags = agent.Snapshot{Master: p}.Command()
		h.exe = executableOf(p)
		if h.exe == "" {
			continue
		}
		if err := h.learnPaths(ctx); err != nil {
			return nil, err
		}
		found = append(found, h)
	}
	return found, nil
}

// trusted says whether a process belongs to root or the caller, and lives in this machine's own process and file system
// namespaces: systemd may give a service mounts of its own, but a container has another root.
func trusted(pid int) bool {
	dir := filepath.Join(agent.Proc, strconv.Itoa(pid))
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(status)) {
		words := strings.Fields(line)
		if len(words) < 3 || words[0] != "Uid:" {
			continue
		}
		for _, uid := range words[1:3] {
			if uid != "0" && uid != strconv.Itoa(os.Getuid()) {
				return false
			}
		}
	}
	theirs, err1 := os.Readlink(dir + "/ns/pid")
	ours, err2 := os.Readlink(agent.Proc + "/self/ns/pid")
	if errors.Is(err1, fs.ErrPermission) {
		// Root's processes do not show their namespaces to others. In another one this process would have two pids.
		return !strings.Contains(string(status), "NSpid:\t"+strconv.Itoa(pid)+"\t")
	}
	if err1 != nil || err2 != nil || theirs != ours {
		return false
	}
	root, err1 := os.Stat(dir + "/root/")
	own, err2 := os.Stat("/")
	return err1 == nil && err2 == nil && os.SameFile(root, own)
}

// executableOf is what a master runs. After an upgrade of the package the kernel says that it was deleted, and the new
// one is at the same place.
func executableOf(p agent.Process) string {
	if exe, err := os.Readlink(filepath.Join(agent.Proc, strconv.Itoa(p.PID), "exe")); err == nil {
		return strings.TrimSuffix(exe, " (deleted)")
	}
	name, _ := agent.Snapshot{Master: p}.Command()
	exe, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	return exe
}

// built are the paths that nginx was built with.
var built = regexp.MustCompile(`--(prefix|conf-path|error-log-path)=(\S+)`)

// learnPaths asks nginx for the paths that it was built with; its flags overrule them.
func (h *Nginx) learnPaths(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	said, err := h.command(ctx, "-V").CombinedOutput()
	if err != nil {
		return fmt.Errorf("run %s -V: %w: %s", h.exe, err, redact.Sanitize(string(said)))
	}
	paths := map[string]string{"prefix": "/usr/local/nginx", "conf-path": "conf/nginx.conf", "error-log-path": "logs/error.log"}
	for _, m := range built.FindAllStringSubmatch(string(said), -1) {
		paths[m[1]] = strings.Trim(m[2], `'"`)
	}
	for i := 0; i+1 < len(h.flags); i += 2 {
		switch h.flags[i] {
		case "-p":
			paths["prefix"] = h.flags[i+1]
		case "-c":
			paths["conf-path"] = h.flags[i+1]
		case "-e":
			paths["error-log-path"] = h.flags[i+1]
		}
	}
	h.prefix = paths["prefix"]
	h.main, h.log = h.within(paths["conf-path"]), h.within(paths["error-log-path"])
	return nil
}

// within makes a path absolute as nginx does.
func (h *Nginx) within(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(h.prefix, name)
}
