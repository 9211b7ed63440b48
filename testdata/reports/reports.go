// Package reports has reports for the tests of what people and CI read.
package reports

import (
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// All returns one report of each kind that people meet.
func All() map[string]*report.Report {
	at := time.Date(2026, 11, 20, 11, 45, 9, 0, time.UTC)
	three := 3
	ended := func(o model.Outcome, fill func(*report.Report)) *report.Report {
		r := report.NewReport("deploy")
		r.Project, r.Release, r.From, r.To, r.Live = "shop", "20261120T114500-7f3a", model.Blue, model.Green, model.Blue
		r.Versions = map[model.Colour]string{model.Blue: "v1", model.Green: "v2"}
		r.LiveBy = `the configuration of container "edge" names it (was-blue:3000 at /etc/nginx/conf.d/default.conf:5) and its containers run`
		r.ReleaseImages, r.PreviousImages, r.DurationMS = []string{"registry.example/shop:v2", "worker:w2"}, []string{"registry.example/shop:v1"}, 14900
		r.NginxDiff = "--- a\n+++ b\n@@ -1 +1 @@\n-server was-blue:3000;\n+server was-green:3000;\n"
		fill(r)
		return r.Finish(o)
	}
	containers := []model.Container{
		{Colour: model.Blue, Service: "was-blue", Name: "shop-was-blue-1", ID: strings.Repeat("a", 64), Image: "registry.example/shop:v1", Digest: "sha256:" + strings.Repeat("1", 64), State: "running", Health: "healthy"},
		{Colour: model.Green, Service: "was-green", Name: "shop-was-green-1", ID: strings.Repeat("b", 64), Image: "registry.example/shop:v2", Digest: "sha256:" + strings.Repeat("2", 64), State: "running", Health: "unhealthy", Restarts: 2, LastProbe: "connection refused", Release: "20261120T114500-7f3a"},
	}
	steps := []report.Step{{Name: "lock", Status: "ok", MS: 31}, {Name: "pull", Status: "ok", MS: 812}, {Name: "gate", Status: "ok", MS: 9034}, {Name: "switch", Status: "ok", MS: 236}, {Name: "retire", Status: "skipped", MS: 0}}
	return map[string]*report.Report{
		"promoted": ended(model.Promoted, func(r *report.Report) {
			r.Live, r.LiveBy = model.Green, "nginx was just switched to it, and that was proven"
			r.Steps = steps
			r.Switch = &model.Switched{Nginx: `container "edge"`, At: at, Files: []string{"/etc/nginx/conf.d/default.conf"}, Points: 2, NewWorkers: 2, OldWorkers: 2, ProofMS: 221,
				Proof: []string{"every address accepted a connection", "nginx sees the bytes that were written, and so would its next start"}}
			r.Findings = []model.Finding{{Code: "not-persistent", Place: "/etc/nginx/conf.d/default.conf", Message: "it lies in no mount"}, {Code: "local-image", Message: "shop:v2 exists only on this engine"}}
			r.Pruned = report.Pruned{Containers: []string{"shop-was-green-1"}, Images: []string{}, Replaced: []string{"shop-was-green-1"}}
			r.Images = []report.LiveImage{
				{Service: "was-green", Image: "registry.example/shop:v2", Digest: "sha256:" + strings.Repeat("2", 64), Replaced: &report.ReplacedImage{Service: "was-blue", Image: "registry.example/shop:v1", Digest: "sha256:" + strings.Repeat("1", 64)}},
				{Service: "new-green", Image: "registry.example/shop:v2", Digest: "sha256:" + strings.Repeat("2", 64)},
			}
			r.Containers = containers
		}),
		"rollback": ended(model.Promoted, func(r *report.Report) {
			r.Command, r.Live, r.LiveBy = "rollback", model.Green, "nginx was just switched to it, and that was proven"
			r.Steps = steps[:1]
		}),
		"rollback dry run": ended(model.Planned, func(r *report.Report) {
			r.Command, r.DryRun = "rollback", true
			r.Plan = &report.Plan{
				Pull: []string{}, Build: []string{}, Create: []string{"shop-signal-green-1 of image sha256:222222222222"}, Start: []string{"shop-was-green-1"}, Replace: []string{}, Stop: []string{"shop-was-blue-1"},
				Points: []model.SwitchPoint{}, Services: []report.Decision{}, Checks: []string{}, Hooks: []string{},
			}
		}),
		"rollback to nothing": ended(model.Malformed, func(r *report.Report) {
			r.Command, r.Release, r.To = "rollback", "", model.None
			r.Message = "there is nothing to go back to: no release was live before this one of blue, as far as bluegate knows"
		}),
		"started without nginx": ended(model.Started, func(r *report.Report) {
			r.From, r.Live, r.LiveBy = model.None, model.None, "no nginx was found whose configuration names a colour"
			r.Findings = []model.Finding{{Code: "nginx-absent", Message: r.LiveBy + ": the colour is brought up, and nothing is switched"}}
		}),
		"drill": ended(model.OK, func(r *report.Report) {
			r.Command, r.Message, r.Drill = "drill", "0 of 1688 requests were lost in 2 switches", drilled(at)
		}),
		"drill that lost": ended(model.Lost, func(r *report.Report) {
			r.Command, r.Message, r.Drill = "drill", "3 of 1688 requests were lost in 2 switches (2 keepalive-post, 1 long), 2 of them as doctor announces", drilled(at)
			r.Drill.Lost, r.Drill.Announced, r.Drill.Switches[0].Lost = 3, 2, 3
			post, long := &r.Drill.Kinds[1], &r.Drill.Kinds[2]
			post.Lost, post.Announced, long.Lost = 2, 2, 1
			post.Losses = []report.DrillLoss{{At: at, Path: "/upload", How: "closed", Message: "EOF", Switch: 1, AfterMS: 212, Announced: true}}
			long.Losses = []report.DrillLoss{{At: at, Path: "/slow", How: "answer", Message: "502 Bad Gateway", Switch: 1, AfterMS: 980}}
			r.Findings = []model.Finding{{Code: "keepalive-race", Place: "/etc/nginx/nginx.conf:9", Message: "nginx 1.22.1 closes idle keep-alive connections at each reload", Cost: "3 to 5 of 1,000 keep-alive POSTs", Remedy: "keepalive_timeout 0;"}}
		}),
		"started": ended(model.Started, func(r *report.Report) { r.From, r.Live = model.None, model.Green }),
		"refused with evidence": ended(model.Refused, func(r *report.Report) {
			r.Message = "refused: unhealthy: …"
			r.Reasons = []model.Reason{
				{Code: model.Unhealthy, Service: "was-green", Container: "shop-was-green-1", ContainerID: "b", Message: "3 of 3 probes failed", LastProbe: "GET http://127.0.0.1:3000/health: 503 Service Unavailable\ndatabase: connection refused\n", LogTail: []string{"shop: started", "panic: no database", "  at main.go:7"}},
				{Code: model.Exited, Service: "signal-green", Container: "shop-signal-green-1", Message: "it ended with exit code 3", ExitCode: &three},
				{Code: model.OOMKilled, Service: "x-green", Message: "killed for want of memory", OOMKilled: true},
			}
			r.Steps = append([]report.Step{}, steps[:2]...)
			r.Steps = append(r.Steps, report.Step{Name: "gate", Status: "failed", MS: 9034, Message: "refused: unhealthy: …\nsecond line"})
			r.Undo = &report.Undo{Name: "abandon", Status: "ok", MS: 310}
			r.Pruned = report.Pruned{Containers: []string{"shop-was-green-1", "shop-signal-green-1"}, Images: []string{"registry.example/shop:v2"}, Replaced: []string{"shop-was-green-1"}}
			r.Containers = containers
		}),
		"dry run": ended(model.Planned, func(r *report.Report) {
			r.DryRun, r.Release = true, ""
			r.Containers = containers[:1]
			r.Plan = &report.Plan{
				Pull: []string{"registry.example/shop:v2"}, Build: []string{"shop-worker-green"}, Create: []string{"1 × was-green"}, Start: []string{}, Replace: []string{"shop-was-green-1"}, Stop: []string{"shop-was-blue-1"},
				Points:   []model.SwitchPoint{{Place: "/etc/nginx/conf.d/default.conf:5", Directive: "server", Upstream: "was", Address: "was-blue:3000"}},
				Diff:     "--- a\n+++ b\n@@ -1 +1 @@\n-server was-blue:3000;\n+server was-green:3000;\n",
				Services: []report.Decision{{Service: "was-green", Image: "registry.example/shop:v2", Healthcheck: "interval 1s, timeout 1s, retries 3, start_period 20s", LatestMS: 27000}}, Checks: []string{}, Hooks: []string{}, BudgetMS: 27000,
			}
		}),
		"dry run refused": ended(model.Refused, func(r *report.Report) {
			r.DryRun, r.Release = true, ""
			r.Reasons = []model.Reason{{Code: model.ConfigNotLoaded, Message: "/etc/nginx/conf.d/default.conf was changed after nginx loaded it"}}
			r.Plan = &report.Plan{Pull: []string{}, Build: []string{}, Create: []string{}, Start: []string{}, Replace: []string{}, Stop: []string{}, Points: []model.SwitchPoint{}, Services: []report.Decision{}, Checks: []string{}, Hooks: []string{}}
		}),
		"status": ended(model.OK, func(r *report.Report) {
			r.Command, r.Release, r.From, r.To = "status", "", model.None, model.None
			r.Containers = containers
			r.Findings = []model.Finding{{Code: "left-behind", Message: "release 20261120T114500-7f3a (blue to green) was begun and not finished"}}
			r.Rollback = &report.RollbackTarget{Release: "20261119T080000-11aa", Colour: model.Green, At: &at, Containers: []report.KeptContainer{
				{Service: "was-green", Name: "shop-was-green-1", Image: "registry.example/shop:v2", Digest: "sha256:" + strings.Repeat("2", 64), State: report.KeptStopped},
				{Service: "signal-green", Name: "shop-signal-green-1", Image: "registry.example/shop:v2", Digest: "sha256:" + strings.Repeat("2", 64), State: report.KeptHeld},
			}}
		}),
		"doctor": ended(model.OK, func(r *report.Report) {
			r.Command, r.Release, r.From, r.To, r.Message = "doctor", "", model.None, model.None, "a deployment could begin: no check that can be made before it refuses it"
			r.Findings = []model.Finding{
				{Code: "keepalive-min-timeout", Place: "/etc/nginx/nginx.conf:31", Message: "keepalive_min_timeout is not set", Cost: "6 of 1,000 keep-alive POSTs", Remedy: "# in http {}\nkeepalive_min_timeout 5s;"},
				{Code: "local-image", Message: "shop:v2 exists only on this engine"},
				{Code: "health-interval", Place: "compose.blue.yml:9", Message: "was-blue is asked every 30 s", Cost: "30 s per deployment", Remedy: "    interval: 2s"},
				{Code: "health-interval", Place: "compose.green.yml:9", Message: "was-green is asked every 30 s", Cost: "30 s per deployment", Remedy: "    interval: 2s"},
			}
		}),
		"doctor refused": ended(model.Refused, func(r *report.Report) {
			r.Command, r.Release, r.From, r.To = "doctor", "", model.None, model.None
			r.Reasons = []model.Reason{
				{Code: model.NoHealthcheck, Service: "worker-blue", Message: "service \"worker-blue\" has no healthcheck (compose.blue.yml:9); add:\n  healthcheck:\n    test: [CMD, /healthcheck]"},
				{Code: model.NoHealthcheck, Service: "worker-green", Message: "service \"worker-green\" has no healthcheck (compose.green.yml:9); add:\n  healthcheck:\n    test: [CMD, /healthcheck]"},
			}
			r.Findings = []model.Finding{{Code: "upstream-keepalive", Place: "/etc/nginx/app.conf:1", Message: "upstream api has no keepalive", Cost: "each request opens a connection: 6x slower"}}
		}),
		"status unknown": ended(model.NeedsPerson, func(r *report.Report) {
			r.Command, r.Release, r.From, r.To, r.Live, r.LiveBy = "status", "", model.None, model.None, model.None, `the configuration of container "edge" names blue, but that is not what it runs`
			r.State, r.LastProven = report.StateUnknown, &report.LastProven{Colour: model.Green, Release: "20261119T080000-11aa", At: &at}
			r.Message, r.Run = "unknown (last proven: green, release 20261119T080000-11aa, at 2026-11-20T11:45:09Z): "+r.LiveBy, "bluegate doctor"
			r.Containers = containers
		}),
		"status of nothing": ended(model.OK, func(r *report.Report) {
			r.State, r.Message = report.StateNothing, "nothing of the application is on this engine: no nginx was found whose configuration names a colour"
			r.Command, r.Release, r.From, r.To, r.Live, r.LiveBy = "status", "", model.None, model.None, model.None, "no nginx was found whose configuration names a colour"
			r.Rollback = &report.RollbackTarget{Refused: "no colour is known to be live (no nginx was found whose configuration names a colour), so there is nothing to go back from; `bluegate deploy` makes one live", Containers: []report.KeptContainer{}}
		}),
		"unhealthy": ended(model.NotHealthy, func(r *report.Report) {
			r.Command, r.Release, r.From, r.Message = "health", "", model.None, "green is not healthy"
			r.Containers = containers[1:]
			r.Reasons = []model.Reason{{Code: model.Missing, Service: "was-green", Message: "1 of 2 containers are there"}}
		}),
		"rolled back": ended(model.RolledBack, func(r *report.Report) {
			r.Message = "nginx-not-switched: container \"edge\" was not switched: its workers did not change within 10s"
			r.Reasons = []model.Reason{{Code: model.NginxNotSwitched, Message: "its workers did not change within 10s"}}
			r.Undo = &report.Undo{Name: "rollback", Status: "ok", MS: 2310}
		}),
		"rolled back in the bake": ended(model.RolledBack, func(r *report.Report) {
			r.LiveBy = "nginx was pointed back to it, and that was proven"
			r.Message = "bake: refused: unhealthy: 3 of 3 probes failed"
			r.Reasons = []model.Reason{{Code: model.Unhealthy, Service: "was-green", Container: "shop-was-green-1", Message: "3 of 3 probes failed"}}
			r.Steps = []report.Step{{Name: "switch", Status: "ok", MS: 236}, {Name: "bake", Status: "failed", MS: 4200}}
			r.Undo = &report.Undo{Name: "rollback", Status: "ok", MS: 310}
		}),
		"needs a person": ended(model.NeedsPerson, func(r *report.Report) {
			r.Live = model.Green
			r.Message = "green is live, but after 1m0s 1 old workers of container \"edge\" still answer requests, so blue keeps running"
			r.Run = "bluegate settle"
		}),
		"needs a person after an undo": ended(model.NeedsPerson, func(r *report.Report) {
			r.Message, r.Run = "refused: …\nrollback: the old configuration could not be brought back", "bluegate settle"
			r.Undo = &report.Undo{Name: "rollback", Status: "failed", MS: 61000, Error: "the old configuration could not be brought back"}
		}),
		"locked": ended(model.Locked, func(r *report.Report) {
			r.Message = "another deployment holds the lock shop: deploy by ci on runner-7 (pid 42) since 2026-11-20T11:40:00Z"
		}),
		"cannot coexist": ended(model.Malformed, func(r *report.Report) {
			r.Release, r.Message = "", "the colours cannot run at the same time: both colours use the container name \"app\" (a.yml:2 and b.yml:2)"
			r.Reasons = []model.Reason{{Code: model.CannotCoexist, Service: "was-blue", Message: "both colours use the container name \"app\" (a.yml:2 and b.yml:2)"}}
		}),
		"interrupted": func() *report.Report {
			r := ended(model.Interrupted, func(r *report.Report) { r.Message = "interrupted by SIGTERM; what was begun was undone" })
			r.ExitCode = 143
			return r
		}(),
		"settled": ended(model.Settled, func(r *report.Report) {
			r.Command, r.Message = "settle", "nothing was left to settle"
		}),
	}
}

// drilled is what a drill says that lost nothing.
func drilled(at time.Time) *report.Drill {
	kind := func(name string, requests int, announced ...string) report.DrillKind {
		return report.DrillKind{Kind: name, Paths: []string{"/"}, Requests: requests, AnnouncedBy: append([]string{}, announced...), Losses: []report.DrillLoss{}}
	}
	d := &report.Drill{
		URL: "http://127.0.0.1:8080", Rate: 50, MS: 12_100, Requests: 1688,
		Kinds: []report.DrillKind{kind("keepalive", 844), kind("keepalive-post", 820, "keepalive-race"), kind("long", 24), kind("websocket", 0)},
		Switches: []report.DrillSwitch{
			{To: model.Green, At: at, MS: 612, DrainMS: 1100, Drained: true}, {To: model.Blue, At: at.Add(4 * time.Second), MS: 430, DrainMS: 60_000},
		},
	}
	d.Kinds[0].Resent = 2
	d.Kinds[3].Paths, d.Kinds[3].Skipped = []string{}, "no path was given: --path websocket=/PATH"
	return d
}
