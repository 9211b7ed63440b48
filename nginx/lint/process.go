package lint

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/nginx/agent"
)

// inits pass signals on to what they have started.
var inits = []string{"tini", "docker-init", "dumb-init", "catatonit", "nginx"}

// firstProcess: the engine sends signals to the process that the container began with.
func firstProcess(f Input) []model.Finding {
	words := strings.Fields(f.First)
	if len(words) == 0 || strings.HasPrefix(f.First, agent.MasterTitle) || slices.Contains(inits, path.Base(words[0])) {
		return nil
	}
	nginx := `["nginx", "-g", "daemon off;"]`
	if _, set := f.Top.Own("daemon"); set { // a second one is an error
		nginx = `["nginx"]`
	}
	return []model.Finding{{
		Code:    "first-process",
		Message: fmt.Sprintf("%s began with %q and not with nginx, which is its child", f.Nginx, redact.Sanitize(f.First)),
		Cost:    "docker kill -s HUP does nothing, or, with some process managers, ends the container; docker stop ends nginx without its graceful way and cuts what is in flight. bluegate reloads from inside (nginx -s reload) and is not concerned",
		Remedy:  "# in nginx's Compose service; or, where a script has to come first, let it end with exec and this command\nentrypoint: " + nginx,
	}}
}

// errorLog: nginx's own words are the only ones that say why a reload was not applied.
func errorLog(f Input) (all []model.Finding) {
	if f.Name == "" {
		return nil // on a host a file is the right place
	}
	d, ok := f.Top.Own("error_log")
	if !ok {
		return nil
	}
	target := d.Value()
	if f.Link != nil {
		if real := f.Link(target); real != "" {
			target = real
		}
	}
	if target == "stderr" || strings.HasPrefix(target, "/dev/std") || strings.HasPrefix(target, "/proc/") || strings.HasPrefix(target, "syslog:") {
		return nil
	}
	found := at(d, "error-log", "error_log goes to %s, and not to the container's log", d.Value())
	found.Cost = "when nginx does not apply a configuration, the report cannot say why: nginx tells its log only"
	found.Remedy = "error_log stderr notice;"
	return append(all, found)
}

// leavingTooLong: a worker has been leaving since the reload that made its successors.
func leavingTooLong(f Input) []model.Finding {
	if len(f.Snapshot.ShuttingDown) == 0 || len(f.Snapshot.Workers) == 0 {
		return nil
	}
	var since time.Duration
	for _, w := range f.Snapshot.Workers {
		since = max(since, w.Age)
	}
	if since <= f.Drain {
		return nil
	}
	pids := make([]string, len(f.Snapshot.ShuttingDown))
	for i, w := range f.Snapshot.ShuttingDown {
		pids[i] = fmt.Sprint(w.PID)
	}
	return []model.Finding{{
		Code:    "leaving-workers",
		Message: fmt.Sprintf("%d workers of an earlier configuration of %s have not ended for %s or longer (drain.timeout is %s): process %s", len(pids), f.Nginx, since, f.Drain, strings.Join(pids, ", ")),
		Cost:    "each holds a connection that does not end, and serves the configuration that it began with: the colour that this names must go on running, and every deployment waits for it",
		Remedy:  "# bounds how long a worker may take to leave; in nginx.conf, outside every block" + inPlaceOf(f.Top, "worker_shutdown_timeout") + "\nworker_shutdown_timeout 10m;\n# what is left now: end the connections in the app, then\nbluegate settle",
	}}
}
