package deploy

import (
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// A container of nginx's that the user named and that is not there yet is nothing to wait for in a first deployment. Once
// a colour runs, or another nginx names an address of the application, it is a mistake.
func TestMissingNginx(t *testing.T) {
	for _, test := range []struct {
		name     string
		first    bool
		mentions []string
		exit     int
		outcome  model.Outcome
		says     string
	}{
		{"first", true, nil, 0, model.Started, ""},
		{"first, and another nginx names the application", true, []string{"edge"}, 7, model.Unreachable, "the configuration of edge names an address of the application: write that in its place"},
		{"a colour runs", false, nil, 7, model.Unreachable, "containers that hold an nginx: edge, other"},
		{"a colour runs, and another nginx names it", false, []string{"edge"}, 7, model.Unreachable, "the configuration of edge names"},
	} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			if test.first {
				w.wipe()
			}
			w.nginx.state = model.RouterAbsent
			w.nginx.missing = &model.MissingNginx{Name: "nope", Place: "bluegate.yml:3", Candidates: []string{"edge", "other"}, Mentions: test.mentions}
			for command, r := range map[string]*report.Report{"dry run": w.process().do((*Deployer).DryRun), "deploy": w.process().deploy()} {
				if r.ExitCode != test.exit || !strings.Contains(r.Message, test.says) || command == "deploy" && r.Outcome != test.outcome {
					t.Errorf("%s: %s, exit %d: %s", command, r.Outcome, r.ExitCode, r.Message)
				}
				if test.exit != 0 && !strings.Contains(r.Message, `"nope" (nginx.container, bluegate.yml:3)`) {
					t.Errorf("%s does not say what is named where: %s", command, r.Message)
				}
				if test.exit == 0 && !strings.Contains(findings(r), "nginx-absent") {
					t.Errorf("%s: findings %q", command, findings(r))
				}
			}
			if test.exit != 0 {
				done(t, w, "lock shop \n unlock shop")
			}
		})
	}
}

// A reload fails while the file names a colour that does not run: what to start first is said.
func TestStartFirst(t *testing.T) {
	for _, test := range []struct {
		name string
		set  func(*fakeEngine)
		says string
	}{
		{"it was stopped", func(*fakeEngine) {}, "first run `docker start shop-was-green-1 shop-signal-green-1` and wait until it is healthy"},
		{"it is gone", func(w *fakeEngine) { w.remove(model.Green) }, "no container of green, which it names, is there, so a reload would fail: undo the change"},
		{"it runs", func(w *fakeEngine) {
			for _, b := range w.boxes {
				b.began, b.stopped = time.Now(), time.Time{}
			}
		}, ""},
	} {
		story(t, test.name, func(t *testing.T, w *fakeEngine) {
			test.set(w)
			w.nginx.disk = confOf(model.Green)
			r := w.process().deploy()
			ends(t, r, model.Refused, 3, model.None)
			if got := r.Reasons[0].Message; test.says != "" && !strings.Contains(got, test.says) || strings.Contains(got, "reload would fail") != (test.says != "") {
				t.Errorf("it says %q", got)
			}
		})
	}
}
