package nginx

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
	return unitIn(string(groups))
}

// unitIn reads lines such as "0::/system.slice/nginx.service".
func unitIn(groups string) string {
	for line := range strings.Lines(groups) {
		unit := path.Base(strings.TrimSpace(line))
		if strings.HasSuffix(unit, ".service") && strings.Contains(line, ":/system.slice/") {
			return unit
		}
	}
	return ""
}

// processes implements place. A master that was restarted is found again by its configuration.
func (h *hosted) processes(ctx context.Context) (agent.Snapshot, error) {
	all, err := agent.Processes(agent.Scope{})
	if err != nil {
		return agent.Snapshot{}, err
	}
	if !slices.ContainsFunc(all, h.isMaster) {
		again, err := hostedMasters(ctx, h.opts, all)
		if err != nil {
			return agent.Snapshot{}, err
		}
		at := slices.IndexFunc(again, func(o *hosted) bool { return o.main == h.main })
		if at < 0 {
			return agent.Snapshot{}, agent.ErrNoMaster
		}
		h.master, h.exe, h.flags = again[at].master, again[at].exe, again[at].flags
	}
	return agent.Sort(slices.DeleteFunc(all, func(p agent.Process) bool { return p.PID != h.master.PID && p.PPID != h.master.PID }))
}

// isMaster says whether a process is the master that was found: a pid may come again.
func (h *hosted) isMaster(p agent.Process) bool {
	return p.PID == h.master.PID && strings.HasPrefix(p.Title, agent.MasterTitle)
}

// stillThere implements place.
func (h *hosted) stillThere(ctx context.Context) bool {
	_, err := h.processes(ctx)
	return !errors.Is(err, agent.ErrNoMaster)
}
