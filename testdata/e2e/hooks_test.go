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

// Hooks are told of the release, run in the project's folder, and without a shell; one that fails before the switch
// refuses, and its output is the evidence.
func TestHooks(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{})
	script := filepath.Join(s.Dir, "hook.sh")
	text := "#!/bin/sh\necho \"$BLUEGATE_PHASE $BLUEGATE_FROM $BLUEGATE_TO $BLUEGATE_OUTCOME $1\" >> hooks.log\necho said by $BLUEGATE_PHASE\nwhile :; do echo x; done | head -1 >/dev/null\ntest \"$BLUEGATE_PHASE\" != \"$FAILING\"\n"
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	hooks := "gate: {stable: 500ms}\nhooks:\n  timeout: 1m\n"
	for _, moment := range []string{"before_up", "before_switch", "after_switch", "on_failure", "after_all"} {
		hooks += "  " + moment + ": [[./hook.sh, \"{colour};$HOME\"]]\n"
	}
	s.config(hooks)
	before := s.conf()
	r := s.deploys(3, model.Refused, []string{"VERSION=v2", "FAILING=before_switch"})
	if why := r.Report.Reasons[0]; why.Code != model.HookFailed || !strings.Contains(why.LastProbe, "said by before_switch") || s.conf() != before {
		t.Errorf("%+v", why)
	}
	s.deploys(0, model.Promoted, []string{"VERSION=v2", "FAILING=after_all"})
	log, err := os.ReadFile(filepath.Join(s.Dir, "hooks.log"))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(`before_up blue green  green;$HOME
before_switch blue green  green;$HOME
on_failure blue green refused green;$HOME
after_all blue green refused green;$HOME
before_up blue green  green;$HOME
before_switch blue green  green;$HOME
after_switch blue green  green;$HOME
after_all blue green promoted green;$HOME
`, "\t", "")
	if string(log) != want {
		t.Errorf("the hooks were told\n%s\nwant\n%s", log, want)
	}
}
