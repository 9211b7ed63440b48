package nginx

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
	"bluegate/nginx/startup"
)

// hosted is an nginx that runs on this machine, which is the engine's: a service of systemd's, or a master that somebody
// started. It implements place. What a container's nginx is asked through the engine, this one is asked through the
// kernel; what has to be asked from where it stands is asked by this process itself.
type hosted struct {
	opts   Options
	master agent.Process
	exe    string
	flags  []string // those that choose the configuration
	prefix string
	main   string
	here   agent.Agent
	log    string // the error log that is written before, and instead of, one that the configuration names
}

var _ place = (*hosted)(nil)

func (h *hosted) String() string   { return fmt.Sprintf("nginx on the host (%s)", h.main) }
func (h *hosted) runs() bool       { return true }
func (h *hosted) mainFile() string { return h.main }

// id names the configuration: two nginxes cannot share one and its process id file.
func (h *hosted) id() string {
	sum := sha256.Sum256([]byte(h.main))
	return "host" + hex.EncodeToString(sum[:8])
}

func (h *hosted) isEngine(host string) bool { return isLoopback(host) || isThisMachine(host) }

// aliases implements place.
func (h *hosted) aliases() map[string]string { return nil }

func (h *hosted) advise() string {
	if unit := unitOf(h.master.PID); strings.Contains(unit, filepath.Base(h.exe)) { // and not that of who started it
		return "systemctl reload " + unit
	}
	return fmt.Sprintf("kill -HUP %d", h.master.PID)
}

func (h *hosted) stale(string) string {
	return "its configuration and what it reads are not the same; is something mounted over one of them?"
}

func (h *hosted) fleeting(string) string { return "" }

// unrestarted implements place: the engine has nothing to do with it.
func (h *hosted) unrestarted() []model.Finding { return nil }

// template implements place: nobody writes a host's files behind its back.
func (h *hosted) template(string) string { return "" }

// starts implements place. What a service manager runs before nginx is not followed.
func (h *hosted) starts(context.Context, []string) (startup.Start, []startup.Live) {
	return startup.Start{}, nil
}

// command is a call of nginx's own executable. It gets nothing of our environment, which may hold secrets.
func (h *hosted) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, h.exe, append(args, h.flags...)...)
	cmd.Env, cmd.Dir = []string{"PATH=" + os.Getenv("PATH")}, "/"
	return cmd
}

// dump implements place.
func (h *hosted) dump(ctx context.Context) (result, error) {
	return said(ctx, func(ctx context.Context) (*exec.Cmd, error) { return h.command(ctx, "-T"), nil })
}

// said runs a command to its end.
func said(ctx context.Context, command func(context.Context) (*exec.Cmd, error)) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, execLimit)
	defer cancel()
	cmd, err := command(ctx)
	if err != nil {
		return result{}, err
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
		return result{}, fmt.Errorf("run %q: %w", cmd.Args, err)
	}
	return result{code: cmd.ProcessState.ExitCode(), stdout: stdout.Bytes(), stderr: stderr.String()}, nil
}

// reload implements place.
func (h *hosted) reload(_ context.Context, s agent.Snapshot) error {
	if err := agent.Reload(s.Master); err != nil {
		return model.Refuse(model.NginxNotSwitched, "%s: %v", h, err)
	}
	return nil
}

// attach implements place: this process stands where nginx does.
func (h *hosted) attach(context.Context) error { return nil }

// prepare implements place: nothing has to be made.
func (h *hosted) prepare(context.Context, []model.FileChange) error { return nil }
func (h *hosted) prepared() bool                                    { return true }
func (h *hosted) close(context.Context) error                       { return nil }

// ask implements place: this process stands where nginx does. Of all connections on this machine, nginx's own count:
// others use the ports that the colours publish too.
func (h *hosted) ask(ctx context.Context, req agent.Request) (agent.Response, error) {
	resp := h.here.Handle(req)
	if req.Connections != nil {
		resp.Open = h.ofWorkers(ctx, resp.Open)
	}
	return resp, nil
}

// takeOver implements place.
func (h *hosted) takeOver(ctx context.Context, from place) error { return from.close(ctx) }

// follow implements place.
func (h *hosted) follow(ctx context.Context, _ []model.FileChange) error {
	_, err := h.processes(ctx)
	if errors.Is(err, agent.ErrNoMaster) {
		return &model.UnreachableError{What: "nginx", Err: fmt.Errorf("%s does not run any more", h)}
	}
	return err
}

// start implements place. An nginx that does not run is not found on a host, so there is none to start.
func (h *hosted) start(context.Context) error {
	return fmt.Errorf("%s does not run; start it", h)
}

// stop implements place. For the same reason there is none to stop.
func (h *hosted) stop(context.Context) error { return nil }
