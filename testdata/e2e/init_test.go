package e2e

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/stand"
)

// The whole adoption of a setup that runs: init, a dry run, a deployment.
func TestInitThenDeploy(t *testing.T) {
	t.Parallel()
	s := openShop(t, stand.Options{})
	config := filepath.Join(s.Dir, "bluegate.yml")
	if err := os.Remove(config); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/bash\nNEW=$1\ndocker compose -f compose.$NEW-deploy.yml up -d\nsleep 50\nsed -i \"s/was-blue/was-$NEW/\" conf.d/default.conf\ndocker exec " + s.Nginx + " nginx -s reload\n"
	if err := os.WriteFile(filepath.Join(s.Dir, "deploy.sh"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	before := docker(t, "ps", "-a", "--no-trunc", "--filter", "name="+s.Name)
	out, err := s.Command(t.Context(), nil, "init").Output()
	text := string(out)
	if err != nil || !strings.HasPrefix(text, "ok: no bluegate.yml is needed\n") {
		t.Errorf("%v\n%s", err, text)
	}
	for _, want := range []string{
		"tried: blue is live (the configuration of container \"" + s.Nginx + "\" names it", "), and a deployment would begin\n",
		"  deploy.sh:3: calls Compose: compose.{colour}-deploy.yml\n",
		"\nnext: bluegate deploy --dry-run, and then bluegate deploy\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	if _, err := os.Stat(config); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("bluegate.yml was written, though none is needed (%v)", err)
	}
	if after := docker(t, "ps", "-a", "--no-trunc", "--filter", "name="+s.Name); strings.Count(after, "\n") != strings.Count(before, "\n") {
		t.Errorf("init left something:\n%s\nbefore:\n%s", after, before)
	}
	s.deploys(0, model.Planned, []string{"VERSION=v2"}, "--dry-run")
	r := s.deploys(0, model.Promoted, []string{"VERSION=v2", "BLUEGATE_GATE_STABLE=500ms"})
	if r.Report.Live != model.Green {
		t.Errorf("live is %s", r.Report.Live)
	}
}
