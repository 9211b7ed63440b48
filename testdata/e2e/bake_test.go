package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/testdata/pace"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// F1: a release of which a check says in the bake that it is bad is taken back: nginx is pointed at the old colour, which has
// never stopped, and no request is lost on the way there and back.
func TestRollbackInTheBake(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{Config: "gate: {stable: 500ms}\nbake: {for: 10m, checks: [{exec: [test, \"!\", -e, bad], attempts: 1, timeout: 60s}]}\n"})
	started := inspect(t, s.Name+"-was-blue-1", "{{.Id}} {{.State.StartedAt}}")
	before := s.conf()
	stop := s.load(load.Options{Kinds: []load.Kind{load.NoKeepAlive, load.KeepAlive}, Rate: 40})
	go func() {
		if s.baking("green") {
			_ = os.WriteFile(filepath.Join(s.Dir, "bad"), nil, 0o644)
		}
	}()
	r := s.deploys(4, model.RolledBack, []string{"VERSION=v2"})
	record := stop()
	nothingLost(t, record, load.NoKeepAlive, load.KeepAlive)
	colours(t, record, "blue", "green", "blue")
	if r.Report.Live != model.Blue || r.Report.Undo == nil || r.Report.Undo.Name != "rollback" || r.Report.Undo.Status != "ok" {
		t.Errorf("live %s, undo %+v", r.Report.Live, r.Report.Undo)
	}
	if why := r.Report.Reasons[0]; why.Code != model.CheckFailed || !strings.Contains(why.Message, "exit code 1") {
		t.Errorf("the evidence: %+v", why)
	}
	if s.conf() != before {
		t.Errorf("the configuration is not the old one:\n%s", s.conf())
	}
	if got := inspect(t, s.Name+"-was-blue-1", "{{.Id}} {{.State.StartedAt}}"); got != started {
		t.Errorf("blue was touched: %s, before: %s", got, started)
	}
	if left := docker(t, "ps", "-aq", "--filter", "label=bluegate.release="+r.Report.Release); left != "" {
		t.Errorf("containers of the release are left: %s", left)
	}
}

// E16: nginx is restarted in the bake. It still serves the release, which is proven again.
func TestNginxRestartedInTheBake(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{Config: "gate: {stable: 500ms}\nbake: {for: 20s}\n"})
	s.disturbed = true
	go func() {
		if s.baking("green") {
			_, _ = stand.Docker("restart", s.Nginx)
		}
	}()
	r := s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	if bake, ok := step(r, "bake"); !ok || bake.MS < 20_000 || r.Report.Live != model.Green {
		t.Errorf("live %s, bake %+v", r.Report.Live, bake)
	}
	if !strings.Contains(s.conf(), "was-green:3002") {
		t.Errorf("the configuration does not name green:\n%s", s.conf())
	}
}

// baking waits until the journal says that a colour bakes.
func (s *shop) baking(colour string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), pace.Limit(3*time.Minute))
	defer cancel()
	for ctx.Err() == nil {
		for _, file := range []string{"journal.json", "journal.new.json"} {
			book, _ := stand.Docker("cp", "bluegate-journal-"+s.Name+":/"+file, "-")
			if strings.Contains(s.conf(), "was-"+colour) && strings.Contains(book, `"baking"`) {
				return true
			}
		}
		time.Sleep(200 * time.Millisecond)
	}
	return false
}
