package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/sample"
	"bluegate/testdata/stand"
)

func TestLookingChangesNothing(t *testing.T) { // alone, for the sake of the list of images
	lookingChangesNothing(openShop(t, stand.Options{}))
}

// A dry run changes nothing, wherever the flag stands, and neither do the other commands that only look.
func lookingChangesNothing(s *shop) {
	before := s.picture()
	for _, args := range [][]string{
		{"deploy", "green", "--dry-run"}, {"deploy", "--dry-run", "green"}, {"--dry-run", "deploy", "green"}, {"deploy", "--dry-run"},
		{"deploy", "green", "--quiet", "--dry-run=true"}, {"status"}, {"health"}, {"health", "blue"},
	} {
		r := s.run([]string{"VERSION=v2"}, args...)
		if r.Code != 0 {
			s.t.Errorf("bluegate %v: exit %d\n%s", args, r.Code, r.Stdout)
		}
		if after := s.picture(); after != before {
			s.t.Fatalf("bluegate %v changed something:\n%s\nbefore:\n%s", args, after, before)
		}
	}
}

func TestDryRunSaysWhatWouldHappen(t *testing.T) {
	t.Parallel()
	s := openShop(t, stand.Options{})
	r := s.deploys(0, model.Planned, []string{"VERSION=v2"}, "--dry-run")
	p := r.Report.Plan
	if p == nil || !strings.Contains(p.Diff, "-    server   was-blue:3000   max_fails=0;") || !strings.Contains(p.Diff, "+    server   was-green:3002   max_fails=0;") {
		t.Fatalf("the plan has no diff of nginx's configuration: %+v", p)
	}
	if len(p.Services) != 2 || p.Services[0].LatestMS == 0 || len(p.Create) != 2 || len(p.Stop) != 2 {
		t.Errorf("the plan is not whole: %+v", p)
	}
	if r.Report.Live != model.Blue || r.Report.LiveBy == "" {
		t.Errorf("live is %q by %q", r.Report.Live, r.Report.LiveBy)
	}
	// What would fail is said, with the code of a real run.
	r = s.run([]string{"VERSION=v2"}, "deploy", "blue", "--dry-run")
	if r.Code != 2 || !strings.Contains(r.Report.Message, "live already") {
		t.Errorf("deploy blue --dry-run: %d %s", r.Code, r.Report.Message)
	}
	r = s.run([]string{"VERSION=no-such-version"}, "deploy", "--dry-run", "--no-pull")
	if r.Code != 3 || r.Report.Reasons[0].Code != model.PullFailed {
		t.Errorf("an image that cannot come: %d %v", r.Code, r.Report.Reasons)
	}
}

func TestHealth(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{})
	r := s.run(nil, "health")
	if r.Code != 0 || r.Report.Outcome != model.OK || r.Report.To != model.Blue {
		t.Errorf("health: %d %s of %q", r.Code, r.Report.Outcome, r.Report.To)
	}
	r = s.run(nil, "health", "green")
	if r.Code != 3 || r.Report.Outcome != model.NotHealthy {
		t.Errorf("health green: %d %s", r.Code, r.Report.Outcome)
	}
	docker(t, "pause", s.Name+"-was-blue-1")
	r = s.run(nil, "health")
	if r.Code != 3 || r.Report.Reasons[0].Code != model.Paused {
		t.Errorf("health of a paused container: %d %v", r.Code, r.Report.Reasons)
	}
	docker(t, "unpause", s.Name+"-was-blue-1")
	if r = s.run(nil, "status"); r.Code != 0 || r.Report.Live != model.Blue || len(r.Report.Containers) != 2 {
		t.Errorf("status: %d, live %q, %d containers", r.Code, r.Report.Live, len(r.Report.Containers))
	}
}

// What a GitHub job does: its later steps read the output file, people read the summary.
func TestGitHubFiles(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{})
	output, summary := filepath.Join(s.Dir, "output"), filepath.Join(s.Dir, "summary")
	if err := os.WriteFile(output, []byte("earlier=kept\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := s.deploys(0, model.Promoted, []string{"VERSION=v2", "CI=true", "GITHUB_ACTIONS=true", "GITHUB_OUTPUT=" + output, "GITHUB_STEP_SUMMARY=" + summary})
	text, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	if want := "earlier=kept\noutcome=promoted\nlive=green\nrelease=" + r.Report.Release + "\nimage=bluegate-shop:v2\nprevious=bluegate-shop:v1\nduration="; !strings.HasPrefix(string(text), want) {
		t.Errorf("GITHUB_OUTPUT is %q, want %q", text, want)
	}
	if text, err = os.ReadFile(summary); err != nil || !strings.Contains(string(text), "| switch | ok |") {
		t.Errorf("the summary has no table of steps (%v):\n%s", err, text)
	}
	if begin, end := strings.Index(r.Stderr, "::group::bluegate deploy\n"), strings.Index(r.Stderr, "\n::endgroup::\n"); begin != 0 || end < 0 || !strings.Contains(r.Stderr[end:], "::notice title=") {
		t.Errorf("the progress is no group, or the annotation is in it:\n%s", r.Stderr)
	}
	if strings.Contains(r.Stderr, "\x1b") || !strings.Contains(r.Stderr, "gate") && !strings.Contains(r.Stderr, "healthy") {
		t.Errorf("progress in CI is to be plain lines:\n%q", r.Stderr)
	}
}
