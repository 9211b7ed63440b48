package e2e

import (
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/sample"
	"bluegate/testdata/stand"
)

// Someone starts containers without bluegate after a promotion: the retired colour runs again, and the live one is not
// what was promoted. Status and doctor say so, and what they propose is carried out and mends it.
func TestStartedWithoutBluegate(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{})
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	if r := s.run(nil, "status"); hasFinding(r, "retired-runs") || hasFinding(r, "not-promoted") {
		t.Errorf("as promoted: %s", r.Stdout)
	}

	retired := []string{s.Name + "-was-blue-1", s.Name + "-signal-blue-1"}
	docker(t, append([]string{"start"}, retired...)...)
	live := []string{s.Name + "-was-green-1", s.Name + "-signal-green-1"}
	docker(t, append([]string{"rm", "-f"}, live...)...)
	s.byHand("green", "v2", 3002, 3003)
	docker(t, "exec", s.Nginx, "nginx", "-s", "reload")

	for _, command := range []string{"status", "doctor"} {
		r := s.run(nil, command)
		places := map[string]string{}
		for _, f := range r.Report.Findings {
			places[f.Place] = f.Code
			if f.Code == "retired-runs" && !strings.HasPrefix(f.Remedy, "docker stop "+f.Place+" ") {
				t.Errorf("%s proposes %q", command, f.Remedy)
			}
		}
		for _, name := range retired {
			if places[name] != "retired-runs" {
				t.Errorf("%s says of %s: %q", command, name, places[name])
			}
		}
		for _, name := range live {
			if places[name] != "not-promoted" {
				t.Errorf("%s says of %s: %q", command, name, places[name])
			}
		}
	}

	docker(t, append([]string{"stop"}, retired...)...)
	if r := s.run(nil, "status"); hasFinding(r, "retired-runs") || !hasFinding(r, "not-promoted") {
		t.Errorf("after the retired colour was stopped: %s", r.Stdout)
	}
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	if r := s.run(nil, "status"); hasFinding(r, "retired-runs") || hasFinding(r, "not-promoted") {
		t.Errorf("after a deployment: %s", r.Stdout)
	}
}
