//go:build linux

package onhost

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/instance"
	"bluegate/nginx/startup"
)

// Nginx is an nginx that runs on this machine, which is the engine's: a service of systemd's, or a master that someone
// started. It implements instance.Instance. What a container's nginx is asked through the engine, this one is asked through the
// kernel; what has to be asked from where it stands is asked by this process itself.
type Nginx struct {
	opts   instance.Options
	Master agent.Process
	exe    string
	flags  []string // those that choose the configuration
	prefix string
	main   string
	here   *agent.Agent
	log    string // the error log that is written before, and instead of, one that the configuration names
}

var _ instance.Instance = (*Nginx)(nil)

func (h *Nginx) String() string   { return fmt.Sprintf("nginx on the host (%s)", h.main) }
func (h *Nginx) IsRunning() bool  { return true }
func (h *Nginx) MainFile() string { return h.main }

// ID names the configuration: two nginxes cannot share one and its process id file.
func (h *Nginx) ID() string {
	sum := sha256.Sum256([]byte(h.main))
	return "host" + hex.EncodeToString(sum[:8])
}

func (h *Nginx) IsDockerHost(host string) bool {
	return instance.IsLoopback(host) || instance.IsThisMachine(host)
}

// Aliases implements instance.Instance.
func (h *Nginx) Aliases() map[string]string { return nil }

// RunCommand is empty: one that does not run is not found.
func (h *Nginx) RunCommand() string { return "" }

func (h *Nginx) ReloadCommand() string {
	if unit := unitOf(h.Master.PID); strings.Contains(unit, filepath.Base(h.exe)) { // and not that of who started it
		return "systemctl reload " + unit
	}
	return fmt.Sprintf("kill -HUP %d", h.Master.PID)
}

func (h *Nginx) StaleRemedy(string) string {
	return "its configuration and what it reads are not the same; is something mounted over one of them?"
}

func (h *Nginx) NotPersistent(string) string { return "" }

// RestartFindings implements instance.Instance: the engine has nothing to do with it.
func (h *Nginx) RestartFindings() []model.Finding { return nil }

// Template implements instance.Instance: nobody writes a host's files behind its back.
func (h *Nginx) Template(string) string { return "" }

// StartCommand implements instance.Instance. What a service manager runs before nginx is not followed.
func (h *Nginx) StartCommand(context.Context, []string) (startup.Start, []startup.Live) {
	return startup.Start{}, nil
}

// command is a call of nginx's own executable. It gets nothing of our environment, which may hold secrets.
func (h *Nginx) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, h.exe, append(args, h.flags...)...)
	cmd.Env, cmd.Dir = []string{"PATH=" + os.Getenv("PATH")}, "/"
	return cmd
}

// Dump implements instance.Instance.
func (h *Nginx) Dump(ctx context.Context) (instance.Result, error) {
	return said(ctx, func(ctx context.Context) (*exec.Cmd, error) { return h.command(ctx, "-T"), nil })
}

// said runs a command to its end.
func said(ctx context.Context, command func(context.Context) (*exec.Cmd, error)) (instance.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, instance.ExecLimit)
	defer cancel()
	cmd, err := command(ctx)
	if err != nil {
		return instance.Result{}, err
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	err = cmd.Run()
	if ctx.Err() != nil {
		err = ctx.Err()
	} else if errors.As(err, &exit) && exit.Exited() {
		err = nil
	}
	if err != nil {
		return instance.Result{}, fmt.Errorf("run %q: %w", cmd.Args, err)
	}
	return instance.Result{Code: cmd.ProcessState.ExitCode(), Stdout: stdout.Bytes(), Stderr: stderr.String()}, nil
}

// Apply implements instance.Processes.
func (h *Nginx) Apply(ctx context.Context, files []model.FileChange, how agent.Apply) (agent.Applied, error) {
	until, err := h.opts.LeaseEnd()
	if err != nil {
		return agent.Applied{}, err
	}
	if _, err := h.Processes(ctx); err != nil { // it may have been restarted
		return agent.Applied{}, err
	}
	how.Scope = agent.Scope{Under: h.Master.PID}
	for _, f := range files {
		one := agent.ApplyFile{OldTime: f.OldTime}
		one.Replace = agent.Replace{Path: f.Path, Old: f.Old, New: f.New, Link: f.Link, OldLink: f.OldLink, Private: f.Private}
		how.Files = append(how.Files, one)
	}
	return agent.Send(ctx, h.Ask, agent.Request{Apply: &how, Until: until})
}

// OtherAtStart implements instance.Files: nothing is mounted for nginx alone, or the file is refused.
func (h *Nginx) OtherAtStart(context.Context, []model.FileChange) bool { return false }

// Attach implements instance.Instance: this process stands where nginx does.
func (h *Nginx) Attach(context.Context) error { return nil }

// Prepare implements instance.Instance: nothing has to be made.
func (h *Nginx) Prepare(context.Context, []model.FileChange) error { return nil }
func (h *Nginx) Prepared() bool                                    { return true }
func (h *Nginx) Close(context.Context) error                       { return nil }

// Ask implements instance.Instance: this process stands where nginx does. Of all connections on this machine, nginx's own count:
// others use the ports that the colours publish too.
func (h *Nginx) Ask(ctx context.Context, req agent.Request) (agent.Response, error) {
	resp := h.here.Handle(req)
	if req.Connections != nil {
		resp.Open = h.ofWorkers(ctx, resp.Open)
	}
	return resp, nil
}

// TakeOver implements instance.Instance.
func (h *Nginx) TakeOver(ctx context.Context, from instance.Instance) error {
	if old, ok := from.(*Nginx); ok { // what it receives, it receives still
		h.here = old.here
		return nil
	}
	return from.Close(ctx)
}

// Follow implements instance.Instance.
func (h *Nginx) Follow(ctx context.Context, _ []model.FileChange) error {
	_, err := h.Processes(ctx)
	if errors.Is(err, agent.ErrNoMaster) {
		return &model.UnreachableError{What: "nginx", Err: fmt.Errorf("%s does not run any more", h)}
	}
	return err
}

// Start implements instance.Instance. An nginx that does not run is not found on a host, so there is none to start.
func (h *Nginx) Start(context.Context) error {
	return fmt.Errorf("%s does not run; start it", h)
}

// Stop implements instance.Instance. For the same reason there is none to stop.
func (h *Nginx) Stop(context.Context) error { return nil }

// Published implements instance.Instance.
func (h *Nginx) Published(ip string, port int) []string {
	return []string{instance.AtThisMachine(ip, port)}
}
