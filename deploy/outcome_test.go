package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

func TestExitCodes(t *testing.T) {
	for outcome, want := range map[model.Outcome]int{
		model.Promoted: 0, model.Started: 0, model.Planned: 0, model.Settled: 0, model.OK: 0, model.Failed: 1, model.Malformed: 2, model.Refused: 3, model.NotHealthy: 3, model.RolledBack: 4,
		model.NeedsPerson: 5, model.Locked: 6, model.Unreachable: 7, "unheard of": 1,
	} {
		if got := outcome.ExitCode(); got != want {
			t.Errorf("%s: %d, want %d", outcome, got, want)
		}
	}
}

func TestDeployLiveColour(t *testing.T) {
	story(t, "green is live already", func(t *testing.T, w *fakeEngine) {
		w.process().deploy()
		w.lines = nil
		p := w.process()
		p.settings.To = model.Green
		r := p.deploy()
		ends(t, r, model.Malformed, 2, model.Green)
		done(t, w, "lock shop \n unlock shop")
		if !strings.HasPrefix(r.Message, "green is live already (") || !strings.Contains(r.Message, "deploy blue") {
			t.Errorf("%q", r.Message)
		}
	})
}

func TestInvalidFilesTouchNothing(t *testing.T) {
	story(t, "before the lock", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		p.fault = fault{kind: failsBefore, at: 1, asks: true, err: model.Invalid("compose.blue-deploy.yml:7: unknown field")}
		r := p.deploy()
		ends(t, r, model.Malformed, 2, model.None)
		done(t, w, "")
	})
}

// TestNoHelper: an engine of another architecture than the executables that are installed. Nothing is begun, and a dry run
// says so too.
func TestNoHelper(t *testing.T) {
	for name, command := range map[string]func(*Deployer, context.Context) *report.Report{
		"deploy": (*Deployer).Run, "rollback": (*Deployer).Rollback, "settle": (*Deployer).Settle, "dry run": (*Deployer).DryRun,
	} {
		story(t, name, func(t *testing.T, w *fakeEngine) {
			w.cannotHelp = model.Invalid("no executable for linux/arm64")
			r := w.process().do(command)
			if r.Outcome != model.Malformed || r.ExitCode != 2 || !strings.Contains(r.Message, "linux/arm64") {
				t.Errorf("%s, exit %d: %s", r.Outcome, r.ExitCode, r.Message)
			}
			done(t, w, "")
		})
	}
}

func TestReleaseID(t *testing.T) {
	shape := regexp.MustCompile(`^\d{8}T\d{6}-[0-9a-f]{4}$`)
	var ids []string
	at := time.Date(2026, 11, 20, 11, 45, 0, 0, time.FixedZone("KST", 9*3600))
	for range 100 {
		id := model.NewReleaseID(at)
		if !shape.MatchString(id) {
			t.Fatalf("%q", id)
		}
		ids = append(ids, id)
		at = at.Add(time.Hour)
	}
	if !slices.IsSorted(ids) || !strings.HasPrefix(ids[0], "20261120T024500-") {
		t.Errorf("%q", ids)
	}
}

// TestReportHasNoNull: readers of the JSON find lists where the schema promises lists.
func TestReportHasNoNull(t *testing.T) {
	for name, set := range map[string]func(*fakeEngine){
		"promoted":    func(*fakeEngine) {},
		"refused":     func(w *fakeEngine) { w.lives["was-green"] = exitsAfter(0, 1) },
		"invalid":     func(w *fakeEngine) { w.nginx.refusal = model.Refuse(model.ConfigNotLoaded, "x") },
		"nothing yet": func(w *fakeEngine) { w.boxes, w.spared, w.nginx.state = nil, model.Blue, model.RouterAbsent },
		"unreachable": func(w *fakeEngine) { w.silent = [2]time.Time{time.Now(), time.Now().Add(time.Hour)} },
	} {
		for command, do := range map[string]func(*Deployer, context.Context) *report.Report{
			"deploy": (*Deployer).Run, "dry run": (*Deployer).DryRun, "status": (*Deployer).Status, "health": (*Deployer).Health, "settle": (*Deployer).Settle,
		} {
			story(t, name+"/"+command, func(t *testing.T, w *fakeEngine) {
				set(w)
				text, err := json.Marshal(w.process().do(do))
				if err != nil {
					t.Fatal(err)
				}
				for _, list := range []string{"reasons", "findings", "steps", "containers", "images", "pull", "create", "replace", "stop", "points", "services"} {
					if strings.Contains(string(text), `"`+list+`":null`) {
						t.Errorf("%s is null: %s", list, text)
					}
				}
			})
		}
	}
}

func TestWords(t *testing.T) {
	cause := errors.New("EOF")
	for _, test := range []struct {
		err  error
		want string
	}{
		{model.Refuse(model.Exited, "it exited with %d", 3), "refused: exited: it exited with 3"},
		{&model.RefusedError{Reasons: []model.Reason{{Code: model.Exited, Service: "was", Container: "shop-was-1", Message: "x"}, {Code: model.Timeout, Message: "y"}}}, "refused: exited: was: shop-was-1: x; timeout: y"},
		{&model.UnreachableError{What: "nginx", Err: cause}, "nginx cannot be asked: EOF"},
		{&model.ManualActionError{Err: cause}, "EOF"},
		{sigterm, "interrupted by SIGTERM"},
		{&model.NotSwitchedError{Reason: model.Reason{Code: model.NginxNotSwitched, Message: "x"}, Restored: cause}, "nginx-not-switched: x; and the old configuration could not be brought back: EOF"},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
	for _, err := range []error{&model.UnreachableError{Err: cause}, &model.ManualActionError{Err: cause}, &model.InvalidError{Err: cause}, &model.NotSwitchedError{Err: cause}, &model.NotSwitchedError{Restored: cause}} {
		if !errors.Is(err, cause) {
			t.Errorf("%T hides its cause", err)
		}
	}
}
