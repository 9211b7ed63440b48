//go:build linux

package onhost

import (
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"bluegate/nginx/agent"
)

// unitOf is systemd's service to which a process belongs, if it belongs to one.
func unitOf(pid int) string {
	groups, err := os.ReadFile(filepath.Join(agent.Proc, strconv.Itoa(pid), "cgroup"))
	if err != nil {
		return ""
	}
	return UnitIn(string(groups))
}

// UnitIn reads lines such as "0::/system.slice/nginx.service".
func UnitIn(groups string) string {
	for line := range strings.Lines(groups) {
		unit := path.Base(strings.TrimSpace(line))
		if strings.HasSuffix(unit, ".service") && strings.Contains(line, ":/system.slice/") {
			return unit
		}
	}
	return ""
}

// Processes implements instance.Instance. A master that was restarted is found again by its configuration.
func (h *Nginx) Processes(ctx context.Context) (agent.Snapshot, error) {
	all, err := agent.Processes(agent.Scope{})
	if err != nil {
		return agent.Snapshot{}, err
	}
	if !slices.ContainsFunc(all, h.isMaster) {
		again, err := hostedMasters(ctx, h.opts, all)
		if err != nil {
			return agent.Snapshot{}, err
		}
		at := slices.IndexFunc(again, func(o *Nginx) bool { return o.main == h.main })
		if at < 0 {
			return agent.Snapshot{}, agent.ErrNoMaster
		}
		h.Master, h.exe, h.flags = again[at].Master, again[at].exe, again[at].flags
	}
	return agent.Sort(slices.DeleteFunc(all, func(p agent.Process) bool { return p.PID != h.Master.PID && p.PPID != h.Master.PID }))
}

// isMaster says whether a process is the master that was found: a pid may come again.
func (h *Nginx) isMaster(p agent.Process) bool {
	return p.PID == h.Master.PID && strings.HasPrefix(p.Title, agent.MasterTitle)
}

// StillThere implements instance.Instance.
func (h *Nginx) StillThere(ctx context.Context) bool {
	_, err := h.Processes(ctx)
	return !errors.Is(err, agent.ErrNoMaster)
}
