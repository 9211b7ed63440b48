package deploy

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// A container of nginx's that is named wrongly is not another application: it is not advised to forget the journal.
func TestMisnamedNginxIsNotAnotherApplication(t *testing.T) {
	story(t, "misnamed", func(t *testing.T, w *fakeEngine) {
		ends(t, w.process().deploy(), model.Promoted, 0, model.Green)
		before := strings.ReplaceAll(string(w.journal), `container \"edge\"`, `container \"other\"`) // which is still there
		w.journal = []byte(before)
		w.nginx.state, w.nginx.missing = model.RouterAbsent, &model.MissingNginx{Name: "nope", Place: "bluegate.yml:1"}
		r := w.process().deploy()
		if r.Outcome != model.Unreachable || r.ExitCode != 7 || !strings.Contains(r.Message, `no container and no Compose service is called "nope" (nginx.container, bluegate.yml:1)`) || strings.Contains(r.Message, "docker rm") {
			t.Errorf("%s, exit %d: %s", r.Outcome, r.ExitCode, r.Message)
		}
		if string(w.journal) != before {
			t.Errorf("the journal was written: %s", w.journal)
		}
	})
}

// TestForeignJournal: a journal of another application refuses each command before anything is touched.
func TestForeignJournal(t *testing.T) {
	service := func(names ...string) model.Model {
		m := model.Model{Colour: model.Blue}
		for _, name := range names {
			m.Services = append(m.Services, model.Service{Name: name + "-blue", Key: name + "-{colour}"})
		}
		return m
	}
	keys := func(names ...string) []string {
		for i := range names {
			names[i] += "-{colour}"
		}
		return names
	}
	for name, test := range map[string]struct {
		journal model.Journal
		gone    bool // the journal's nginx is not there any more
		without bool // ours is not there, and nothing was ever deployed
		foreign bool
	}{
		"ours":                              {journal: model.Journal{Application: &model.Identity{Services: keys("signal", "was"), Nginx: `container "edge"`, Folder: "/elsewhere", Host: "other"}}},
		"a service more":                    {journal: model.Journal{Application: &model.Identity{Services: keys("mail", "was")}}},
		"other services":                    {journal: model.Journal{Application: &model.Identity{Services: keys("api"), Nginx: `container "edge"`}}, foreign: true},
		"another nginx":                     {journal: model.Journal{Application: &model.Identity{Services: keys("signal", "was"), Nginx: `container "other"`}}, foreign: true},
		"another nginx, which is not there": {journal: model.Journal{Application: &model.Identity{Services: keys("signal", "was"), Nginx: `container "other"`}}, gone: true},
		"another nginx, and none of ours":   {journal: model.Journal{Application: &model.Identity{Services: keys("signal", "was"), Nginx: `container "other"`}}, without: true, foreign: true},
		"of old, empty":                     {journal: model.Journal{}},
		"of old, ours":                      {journal: model.Journal{Releases: []model.ReleaseRecord{{Release: "r1", Colour: model.Blue, Model: service("was")}}}},
		"of old, other services":            {journal: model.Journal{Releases: []model.ReleaseRecord{{Release: "r1", Colour: model.Blue, Model: service("api")}}}, foreign: true},
		"of old, under way": {journal: model.Journal{Current: &model.Entry{Release: "r1", From: model.Blue, To: model.Green, Phase: model.PhasePulling,
			Images: []model.PulledImage{{Ref: "api:1", ID: "sha256:x"}}, Old: &model.ReleaseRecord{Model: service("api")}}}, foreign: true},
	} {
		for command, do := range map[string]func(*process) *report.Report{
			"deploy": (*process).deploy, "settle": (*process).settle, "rollback": (*process).rollback,
			"status": func(p *process) *report.Report { return p.do((*Deployer).Status) },
		} {
			if !test.foreign && command != "deploy" {
				continue
			}
			story(t, name+", "+command, func(t *testing.T, w *fakeEngine) {
				test.journal.Version = model.JournalVersion
				text, err := json.Marshal(test.journal)
				if err != nil {
					t.Fatal(err)
				}
				if w.journal, w.nginxGone = text, test.gone; test.without {
					w.wipe()
					w.nginx.state = model.RouterAbsent
				}
				r := do(w.process())
				if !test.foreign {
					ends(t, r, model.Promoted, 0, model.Green)
					if got := w.book().Application; got == nil || !slices.Equal(got.Services, keys("signal", "was")) || got.Nginx != `container "edge"` || got.Host != "runner-7" {
						t.Errorf("the journal is of %+v", got)
					}
					return
				}
				if r.Outcome != model.Refused || r.ExitCode != 3 || codes(r) != "foreign-journal" || !strings.Contains(r.Message, "project: shop-2") {
					t.Errorf("%s, exit %d, %q: %s", r.Outcome, r.ExitCode, codes(r), r.Message)
				}
				for _, line := range w.lines {
					if !strings.HasPrefix(line, "lock ") && !strings.HasPrefix(line, "unlock ") && line != "close" && line != "sweep" {
						t.Errorf("it did: %s", line)
					}
				}
				if string(w.journal) != string(text) {
					t.Errorf("the journal was written: %s", w.journal)
				}
				w.journal = nil // another's, which is not for us to close
			})
		}
	}
}
