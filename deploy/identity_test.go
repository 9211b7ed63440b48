package deploy

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestForeignJournal: a journal of another application refuses each command before anything is touched.
func TestForeignJournal(t *testing.T) {
	service := func(names ...string) Model {
		m := Model{Colour: Blue}
		for _, name := range names {
			m.Services = append(m.Services, Service{Name: name + "-blue", Key: name + "-{colour}"})
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
		journal Journal
		gone    bool // the journal's nginx is not there any more
		without bool // ours is not there, and nothing was ever deployed
		foreign bool
	}{
		"ours":                              {journal: Journal{Application: &Identity{Services: keys("signal", "was"), Nginx: `container "edge"`, Folder: "/elsewhere", Host: "other"}}},
		"a service more":                    {journal: Journal{Application: &Identity{Services: keys("mail", "was")}}},
		"other services":                    {journal: Journal{Application: &Identity{Services: keys("api"), Nginx: `container "edge"`}}, foreign: true},
		"another nginx":                     {journal: Journal{Application: &Identity{Services: keys("signal", "was"), Nginx: `container "other"`}}, foreign: true},
		"another nginx, which is not there": {journal: Journal{Application: &Identity{Services: keys("signal", "was"), Nginx: `container "other"`}}, gone: true},
		"another nginx, and none of ours":   {journal: Journal{Application: &Identity{Services: keys("signal", "was"), Nginx: `container "other"`}}, without: true, foreign: true},
		"of old, empty":                     {journal: Journal{}},
		"of old, ours":                      {journal: Journal{Releases: []Record{{Release: "r1", Colour: Blue, Model: service("was")}}}},
		"of old, other services":            {journal: Journal{Releases: []Record{{Release: "r1", Colour: Blue, Model: service("api")}}}, foreign: true},
		"of old, under way": {journal: Journal{Current: &Entry{Release: "r1", From: Blue, To: Green, Phase: PhasePulling,
			Images: []BroughtImage{{Ref: "api:1", ID: "sha256:x"}}, Old: &Record{Model: service("api")}}}, foreign: true},
	} {
		for command, do := range map[string]func(*process) *Report{
			"deploy": (*process).deploy, "settle": (*process).settle, "rollback": (*process).rollback,
			"status": func(p *process) *Report { return p.do((*Deployer).Status) },
		} {
			if !test.foreign && command != "deploy" {
				continue
			}
			story(t, name+", "+command, func(t *testing.T, w *world) {
				test.journal.Version = JournalVersion
				text, err := json.Marshal(test.journal)
				if err != nil {
					t.Fatal(err)
				}
				if w.journal, w.nginxGone = text, test.gone; test.without {
					w.wipe()
					w.nginx.state = RouterAbsent
				}
				r := do(w.process())
				if !test.foreign {
					ends(t, r, Promoted, 0, Green)
					if got := w.book().Application; got == nil || !slices.Equal(got.Services, keys("signal", "was")) || got.Nginx != `container "edge"` || got.Host != "runner-7" {
						t.Errorf("the journal is of %+v", got)
					}
					return
				}
				if r.Outcome != Refused || r.ExitCode != 3 || codes(r) != "foreign-journal" || !strings.Contains(r.Message, "project: shop-2") {
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
