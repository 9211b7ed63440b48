package deploy

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
)

// remembered is a record as one line: what ended, from where to where, how, what is live, and which images.
func remembered(rec model.HistoryRecord) string {
	var images []string
	for _, img := range rec.Images {
		images = append(images, img.Service+" "+img.Digest)
	}
	var codes []string
	for _, r := range rec.Reasons {
		codes = append(codes, string(r.Code))
	}
	return strings.TrimSpace(strings.Join([]string{rec.Command, string(rec.From) + ">" + string(rec.To), string(rec.Outcome), "live " + string(rec.Live), strings.Join(images, ", "), strings.Join(codes, " ")}, " | "))
}

// Every run that held the lock and was about a release is in the history, however it ended.
func TestHistory(t *testing.T) {
	story(t, "promoted, refused, gone back", func(t *testing.T, w *fakeEngine) {
		first := w.process().deploy()
		w.lives["was-blue"] = exitsAfter(time.Second, 3)
		refused := w.process().deploy()
		delete(w.lives, "was-blue")
		back := w.process().rollback()
		if len(w.history) != 3 {
			t.Fatalf("%d records: %+v", len(w.history), w.history)
		}
		for i, want := range []struct{ release, line string }{
			{back.Release, "rollback | green>blue | promoted | live blue | "},
			{refused.Release, "deploy | green>blue | refused | live green | "},
			{first.Release, "deploy | blue>green | promoted | live green | "},
		} {
			rec := w.history[i]
			if rec.Release != want.release || !strings.HasPrefix(remembered(rec), want.line) || rec.By != "kim@runner-7" || rec.Application == nil || rec.DurationMS != rec.Ended.Sub(rec.Began).Milliseconds() {
				t.Errorf("%d: %s (%+v), want %s %s", i, remembered(rec), rec, want.release, want.line)
			}
			if at := slices.IndexFunc(rec.Steps, func(s model.HistoryStep) bool { return s.Name == "gate" }); at < 0 || (rec.Steps[at].Status == "ok") != (rec.ExitCode == 0) {
				t.Errorf("%d: its steps are %+v", i, rec.Steps)
			}
			if len(rec.Images) != 2 || rec.Images[0].Digest == "" || rec.Images[0].Image == "" {
				t.Errorf("%d: its images are %+v", i, rec.Images)
			}
		}
		if rec := w.history[1]; rec.ExitCode != 3 || len(rec.Reasons) != 1 || rec.Reasons[0].Code != model.Exited || rec.Reasons[0].LogTail != nil {
			t.Errorf("the refusal: %+v", rec)
		}
	})
	story(t, "a killed run is there once it is settled", func(t *testing.T, w *fakeEngine) {
		w.killed(fault{kind: killedAfter, on: "start was-green"})
		if len(w.history) > 0 {
			t.Fatalf("the killed run wrote %+v", w.history)
		}
		release := w.book().Current.Release
		w.process().settle()
		w.process().settle() // nothing to do
		if len(w.history) != 1 || w.history[0].Release != release || w.history[0].Outcome != model.Settled || w.history[0].Command != "settle" || w.history[0].Live != model.Blue || w.history[0].DurationMS == 0 {
			t.Errorf("%+v", w.history)
		}
	})
	story(t, "with what was set for one deployment", func(t *testing.T, w *fakeEngine) {
		p := w.process()
		p.settings.Set = []string{"VERSION=v5"}
		first := p.deploy()
		w.process().deploy()
		back := w.process().rollback()
		if set := w.history[2].Set; len(set) != 1 || set[0] != "VERSION=v5" || w.history[1].Set != nil {
			t.Errorf("set: %v, %v", set, w.history[1].Set)
		}
		if back.Release != first.Release || len(w.history[0].Set) != 1 || !slices.ContainsFunc(back.Findings, func(f model.Finding) bool { return f.Code == "set" && strings.Contains(f.Message, "VERSION=v5") }) {
			t.Errorf("the rollback to %s: %+v, %+v", back.Release, w.history[0], back.Findings)
		}
	})
	story(t, "a dry run is not there", func(t *testing.T, w *fakeEngine) {
		w.killed(fault{kind: killedAfter, on: "start was-green"})
		w.process().do((*Deployer).DryRun)
		w.process().do((*Deployer).Status)
		if len(w.history) > 0 {
			t.Errorf("%+v", w.history)
		}
	})
	story(t, "one that waits for the lock is not there", func(t *testing.T, w *fakeEngine) {
		w.locks["shop"] = w.process()
		ends(t, w.process().deploy(), model.Locked, 6, model.None)
		if len(w.history) > 0 {
			t.Errorf("%+v", w.history)
		}
	})
	story(t, "one that cannot be written changes nothing of the outcome", func(t *testing.T, w *fakeEngine) {
		w.historyFails = errors.New("no space left on device")
		r := w.process().deploy()
		ends(t, r, model.Promoted, 0, model.Green)
		if findings(r) != "not-remembered" {
			t.Errorf("findings %q", findings(r))
		}
	})
}

// A record is cut where it is long, at a whole rune, and has no log lines.
func TestHistoryRecordIsCut(t *testing.T) {
	rec := model.HistoryRecord{Message: strings.Repeat("ü", 400), Reasons: make([]model.Reason, 9)}
	rec.Reasons[0] = model.Reason{Message: "short", LogTail: []string{"a line"}}
	got := rec.Cut()
	if got.Message != strings.Repeat("ü", 250)+" […]" || len(got.Reasons) != 5 || got.Reasons[0].Message != "short" || got.Reasons[0].LogTail != nil {
		t.Errorf("%+v", got)
	}
	if rec.Reasons[0].LogTail == nil {
		t.Error("the report's reasons were changed")
	}
}

// What another application of the same name did is not shown. What is not known of either is no difference.
func TestHistoryOfAnotherApplication(t *testing.T) {
	shop, blog := model.Identity{Services: []string{"signal", "was"}}, model.Identity{Services: []string{"blog"}}
	records := []model.HistoryRecord{{Release: "1", Application: &shop}, {Release: "2", Application: &blog}, {Release: "3"}, {Release: "4", Application: &model.Identity{}}}
	var got []string
	for _, rec := range model.HistoryOf(records, model.Identity{Services: []string{"was"}}) {
		got = append(got, rec.Release)
	}
	if strings.Join(got, " ") != "1 3 4" {
		t.Errorf("got %v", got)
	}
}
