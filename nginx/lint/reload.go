package lint

import (
	"fmt"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
)

// keepAliveRace: at a reload an old worker closes its idle connections without looking whether a request is on its way.
// A client repeats a GET; it must not repeat a POST. The numbers were measured over 60 reloads, with about 125
// connections that were hardly ever idle: they are the worst case, not the common one.
func keepAliveRace(f Input) []model.Finding {
	http, ok := f.http()
	if !ok || !f.Reloads || !f.Version.known() || f.keepsNoConnections() {
		return nil
	}
	if f.Version.before(withKeepaliveMinTimeout) {
		found := at(http, "keepalive-race", "%s closes idle keep-alive connections at each reload without looking whether a request is on its way: a POST that arrives at that moment is lost, and clients must not send it again", f.Version)
		found.Cost = "measured: 3 to 5 of 1,000 keep-alive POSTs on busy connections, about 0.6 per switch on quiet ones; none of them had reached an app. Everything else was kept: GET on kept connections (a client sends it again), requests on new connections, uploads, streams, websockets"
		if f.Steps > 0 {
			found.Cost += fmt.Sprintf(". A canary of %d steps makes it %d reloads per deployment, and each costs that", f.Steps, f.Steps+1)
		}
		found.Remedy = "# in http {}" + inPlaceOf(f.Top.Inner(http), "keepalive_timeout") + "; 0 lost, for a new connection per request:\nkeepalive_timeout 0;\n# or nginx 1.27.4 or newer, with keepalive_min_timeout 5s;\n# or a switch without a reload: mode flag (docs/switching.md)"
		return []model.Finding{found}
	}
	if f.set("keepalive_min_timeout") {
		return nil
	}
	found := at(http, "keepalive-min-timeout", "keepalive_min_timeout is not set, so that %s closes idle keep-alive connections at each reload without looking whether a request is on its way", f.Version)
	found.Cost = "measured: 6 of 1,000 keep-alive POSTs on busy connections; with the setting 0 of 1,089,079 requests over 180 reloads. It must be as long as your clients' pauses: behind a load balancer, its idle timeout and 5 s. For that long the old colour may get one more request per connection"
	found.Remedy = "# in http {}" + inPlaceOf(f.Top.Inner(http), "keepalive_min_timeout") + "\nkeepalive_min_timeout 5s;"
	return []model.Finding{found}
}

// inPlaceOf says which line a remedy replaces: nginx refuses most directives that stand twice in a block.
func inPlaceOf(block *conf.Scope, name string) string {
	if d, ok := block.Own(name); ok {
		return ", in the place of " + d.Place()
	}
	return ""
}

// keepsNoConnections says that keep-alive is off for HTTP, everywhere.
func (f Input) keepsNoConnections() bool {
	everywhere, somewhere := false, false
	f.Top.Walk(func(s *conf.Scope, d conf.Placed) {
		if d.Name.Value != "keepalive_timeout" {
			return
		}
		span, ok := conf.ParseDuration(d.Value())
		off := ok && span == 0
		somewhere = somewhere || !off
		everywhere = everywhere || off && s.Block != nil && s.Block.Name.Value == "http"
	})
	return everywhere && !somewhere
}

// set says whether a time is set to more than 0 anywhere.
func (f Input) set(name string) (set bool) {
	f.Top.Walk(func(_ *conf.Scope, d conf.Placed) {
		span, ok := conf.ParseDuration(d.Value())
		set = set || d.Name.Value == name && (!ok || span > 0)
	})
	return set
}

// shutdownTimeout: what takes longer is cut by nginx, however long the drain would wait for it.
func shutdownTimeout(f Input) []model.Finding {
	if !f.Reloads {
		return nil
	}
	d, ok := f.Top.Own("worker_shutdown_timeout")
	if !ok {
		return nil
	}
	span, ok := conf.ParseDuration(d.Value())
	if !ok || span == 0 || span >= f.Drain {
		return nil
	}
	found := at(d, "shutdown-timeout", "worker_shutdown_timeout %s is shorter than the drain (%s)", d.Value(), f.Drain)
	found.Cost = fmt.Sprintf("%s after each switch nginx cuts what is still in flight on the old colour: long requests, streams, every websocket", span)
	found.Remedy = fmt.Sprintf("worker_shutdown_timeout %ds;  # or remove the line; drain.timeout in bluegate.yml is then the limit", int(max(f.Drain, time.Second).Seconds()))
	return []model.Finding{found}
}

// reusePort: each worker then has a queue of its own, and that of a worker which has no successor is lost.
func reusePort(f Input) (all []model.Finding) {
	if !f.Reloads {
		return nil
	}
	f.Top.Walk(func(_ *conf.Scope, d conf.Placed) {
		if d.Name.Value != "listen" || len(all) > 0 || !hasArgument(d, "reuseport") {
			return
		}
		found := at(d, "reuseport", "listen %s has reuseport: when a reload leaves fewer workers than before, new connections are lost", d.Value())
		found.Cost = "measured: with the same number of workers nothing; from 4 workers to 2, 23 of 34,808 new connections were reset"
		found.Remedy = "# outside every block" + inPlaceOf(f.Top, "worker_processes") + ": a fixed number; or leave reuseport out\nworker_processes 4;"
		if n, ok := f.Top.Own("worker_processes"); ok && n.Value() != "auto" {
			found.Remedy = fmt.Sprintf("# nothing to do while this stays as it is:\nworker_processes %s;", n.Value())
		}
		all = append(all, found)
	})
	return all
}

func hasArgument(d conf.Placed, word string) bool {
	for _, a := range d.Args {
		if a.Value == word {
			return true
		}
	}
	return false
}

// unixSockets: nginx removes its socket when it ends, not when it is killed; what is left in a container's own layer is
// still there when it starts again, and it cannot bind.
func unixSockets(f Input) (all []model.Finding) {
	f.Top.Walk(func(_ *conf.Scope, d conf.Placed) {
		path, ok := strings.CutPrefix(d.Value(), "unix:")
		if d.Name.Value != "listen" || !ok || f.Layer == nil || !f.Layer(path) {
			return
		}
		found := at(d, "unix-listener", "listen %s: the socket lies in the container's own layer and survives when nginx is killed", d.Value())
		found.Cost = "nginx does not start again after kill -9 or a crash of the machine: [emerg] still could not bind()"
		found.Remedy = fmt.Sprintf("# in nginx's Compose service: a folder that holds nothing else\ntmpfs: [/run/nginx-sockets]\n# and at %s\nlisten unix:/run/nginx-sockets/%s;", d.Place(), strings.TrimPrefix(path, dirOf(path)+"/"))
		all = append(all, found)
	})
	return all
}
