package e2e

import (
	"slices"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/sample"
	"bluegate/testdata/stand"
)

// An image that is on the engine is used as it is once no registry serves it. A dry run asks the registry, and says what
// the deployment does.
func TestImagesThatNoRegistryServes(t *testing.T) {
	t.Parallel()
	s := newShop(t, stand.Options{})
	var repository string
	with := func(version string) []string { return []string{"SHOP_IMAGE=" + repository, "VERSION=" + version} }
	t.Cleanup(func() {
		for _, tag := range []string{"one", "two"} {
			_, _ = stand.Docker("rmi", "-f", repository+":"+tag)
		}
	})
	t.Run("while one does", func(t *testing.T) {
		s := &shop{Stand: s.Stand, t: t}
		repository = registry(t) + "/" + s.Name
		push(t, "bluegate-shop:v1", repository+":one")
		push(t, "bluegate-shop:v2", repository+":two")
		s.deploys(0, model.Started, with("one"), "blue")
		if err := s.StartNginx(); err != nil {
			t.Fatal(err)
		}
		r := s.deploys(0, model.Planned, with("two"), "--dry-run")
		if !slices.Contains(r.Report.Plan.Pull, repository+":two") || hasFinding(r, "not-checked") {
			t.Errorf("would pull %v: %v", r.Report.Plan.Pull, r.Report.Findings)
		}
		for _, args := range [][]string{{"--dry-run"}, nil} {
			r = s.deploys(3, model.Refused, with("none"), args...)
			if reason := r.Report.Reasons[0]; reason.Code != model.PullFailed || !strings.Contains(reason.Message, repository+":none") {
				t.Errorf("%v: the reason is %s", args, reason)
			}
		}
		docker(t, "pull", "-q", repository+":two")
	})
	if t.Failed() {
		t.FailNow()
	}

	for _, version := range []string{"two", "none"} {
		if r := s.deploys(0, model.Planned, with(version), "--dry-run"); !hasFinding(r, "not-checked") {
			t.Errorf("%s: %v", version, r.Report.Findings)
		}
	}
	if r := s.deploys(3, model.Refused, with("none")); r.Report.Reasons[0].Code != model.PullFailed {
		t.Errorf("the reason is %s", r.Report.Reasons[0])
	}
	if r := s.deploys(0, model.Promoted, with("two")); !hasFinding(r, "local-image") || r.Report.Live != model.Green {
		t.Errorf("live %q: %v", r.Report.Live, r.Report.Findings)
	}
	if r := s.back(0, model.Promoted); r.Report.Live != model.Blue {
		t.Errorf("live %q", r.Report.Live)
	}
}

// What runs and what is recorded suffices for the commands that start nothing of the files, whatever depends on the
// variables: images, container names, ports.
func TestVersionThatIsUnset(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := newShop(t, stand.Options{Config: unhurried, Edit: func(colour, text string) string {
		text = strings.ReplaceAll(text, "${VERSION:-v1}", "${VERSION:?say which}")
		return strings.Replace(text, `expose: ["3000"]`, "container_name: "+projectIn(text)+"-was-"+colour+"-${VERSION}\n    expose: [\"${PORT:?say which port}\"]", 1)
	}})
	port := "PORT=3000"
	s.deploys(0, model.Started, []string{"VERSION=v1", port}, "blue")
	if err := s.StartNginx(); err != nil {
		t.Fatal(err)
	}
	s.deploys(0, model.Promoted, []string{"VERSION=v2", port})
	if r := s.deploys(2, model.Malformed, nil); !strings.Contains(r.Report.Message, "say which") {
		t.Errorf("the message is %q", r.Report.Message)
	}
	for _, command := range []string{"status", "health", "settle"} {
		r := s.run(nil, command)
		if r.Code != 0 || r.Report.Live != model.Green || strings.Contains(r.Stdout, "11111") {
			t.Errorf("%s: exit %d, live %q: %s", command, r.Code, r.Report.Live, r.Stdout)
		}
	}
	s.back(0, model.Planned, "--dry-run")
	if r := s.back(0, model.Promoted); r.Report.Live != model.Blue {
		t.Errorf("live %q", r.Report.Live)
	}
}

// Two applications that were given the same name, each with an nginx of its own: the second one meets the journal of the
// first, and touches nothing.
func TestJournalOfAnotherApplication(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	first := newShop(t, stand.Options{})
	name := "project: " + first.Name + "\n" + quick
	second := newShop(t, stand.Options{Config: name})
	first.config(name)
	first.deploys(0, model.Started, nil, "blue")
	if err := first.StartNginx(); err != nil {
		t.Fatal(err)
	}
	first.deploys(0, model.Promoted, []string{"VERSION=v2"})

	for _, args := range [][]string{{"deploy", "--dry-run"}, {"deploy"}, {"settle"}, {"status"}} {
		r := second.run(nil, args...)
		if r.Code != 3 || len(r.Report.Reasons) != 1 || r.Report.Reasons[0].Code != model.ForeignJournal || !strings.Contains(r.Report.Message, first.Nginx) {
			t.Errorf("%v: exit %d: %s", args, r.Code, r.Report.Message)
		}
	}
	if all := docker(t, "ps", "-aq", "--filter", "label=com.docker.compose.project="+second.Name); all != "" {
		t.Errorf("there are containers of the second: %s", all)
	}
	first.deploys(0, model.Promoted, nil)
}
