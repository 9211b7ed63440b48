package e2e

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/sample"
	"bluegate/testdata/stand"
)

// before is the version of which journals, locks, records and labels must be read and honoured.
const before = "320cca4"

// record writes down what the version before leaves, for clones that do not have its commit.
var record = flag.Bool("record-upgrade", false, "write the journals of "+before+" to testdata/"+before)

// older is the executable of the version before, built of its commit; empty where this clone does not have it.
func older(t *testing.T) string {
	t.Helper()
	if exec.Command("git", "-C", root, "cat-file", "-e", before+"^{commit}").Run() != nil {
		return ""
	}
	dir, out := t.TempDir(), t.TempDir()
	if text, err := exec.Command("sh", "-ec", `git -C "$1" archive "$2" | tar -x -C "$3"`, "sh", root, before, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	binary, err := stand.Build(dir, out)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("bluegate-healthcheck", filepath.Join(out, "healthcheck")); err != nil { // the name by which that version finds it
		t.Fatal(err)
	}
	return binary
}

// What a run of an older version left, killed before and after its switch, is settled by this one; what it retired is
// what a rollback of this one goes back to. Where the commit of the older version is not there, its part is played by
// this one, and the journals that are left are given the form that the older one wrote.
func TestUpgrade(t *testing.T) {
	sample.Test(t, 5)
	t.Parallel()
	old := older(t)
	s := newShop(t, stand.Options{})
	current := s.Bluegate
	as := func(binary string) {
		if s.Bluegate = current; binary != "" {
			s.Bluegate = binary
		}
	}
	as(old)
	if r, err := s.Run(t.Context(), nil, "deploy", "blue", "--no-pull", "--format", "json"); err != nil || r.Code != 0 {
		t.Fatalf("the first deployment ended with %d, %v\n%s", r.Code, err, r.Stdout)
	}
	if err := s.StartNginx(); err != nil {
		t.Fatal(err)
	}
	for _, point := range []struct {
		name, config, word string
		live               string // empty: the one that settle says
	}{
		{"up", quick, "up", "blue"},
		{"gate", long, "good", "blue"},
		{"bake", quick + "bake: {for: 10m}\n", "bake", ""},
	} {
		as(old)
		s.config(point.config)
		b := s.start([]string{"VERSION=v2"}, "deploy", "--no-pull")
		b.until(point.word)
		b.end(syscall.SIGKILL)
		s.asOlder(point.name, old)

		as("")
		s.config(quick)
		if r := s.run(nil, "status"); !hasFinding(r, "left-behind") {
			t.Errorf("%s: status does not speak of the run that was killed: %+v", point.name, r.Report.Findings)
		}
		if r := s.run(nil, "settle"); r.Code != 0 || r.Report.Outcome != model.Settled {
			t.Fatalf("%s: settle ended with %d %s: %s\n%s", point.name, r.Code, r.Report.Outcome, r.Report.Message, r.Stderr)
		}
		want := point.live
		if want == "" {
			want = string(s.run(nil, "status").Report.Live)
		}
		if got := s.answers(); got != want {
			t.Errorf("%s: after settle %q answers, want %q", point.name, got, want)
		}
		s.nothingLeft()
	}

	as(old)
	was := s.answers()
	if r, err := s.Run(t.Context(), []string{"VERSION=v2"}, "deploy", "--no-pull", "--format", "json"); err != nil || r.Code != 0 || s.answers() == was {
		t.Fatalf("the second deployment ended with %d, %v\n%s", r.Code, err, r.Stdout)
	}
	s.asOlder("promoted", old)
	as("")
	if r := s.run(nil, "rollback"); r.Code != 0 {
		t.Fatalf("rollback ended with %d %s: %s\n%s", r.Code, r.Report.Outcome, r.Report.Message, r.Stderr)
	}
	if got := s.answers(); got != was {
		t.Errorf("after the rollback %q answers, want %q", got, was)
	}
}

// asOlder records the journal that the older version left; or, where that was not there to leave one, gives this version's
// the form of the recorded one.
func (s *shop) asOlder(point, older string) {
	s.t.Helper()
	file := filepath.Join("testdata", before, point+".json")
	journal := s.journal()
	switch {
	case older != "" && *record:
		text, err := json.MarshalIndent(journal, "", "  ")
		if err == nil {
			err = os.MkdirAll(filepath.Dir(file), 0o755)
		}
		if err == nil {
			err = os.WriteFile(file, append(text, '\n'), 0o644)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	case older == "":
		text, err := os.ReadFile(file)
		if err != nil {
			s.t.Fatal(err)
		}
		var recorded any
		if err := json.Unmarshal(text, &recorded); err != nil {
			s.t.Fatal(err)
		}
		s.putJournal(inForm(recorded, journal))
	}
}

// inForm is a value with the keys of a form; a key that the value does not have keeps the form's own value.
func inForm(form, value any) any {
	switch form := form.(type) {
	case map[string]any:
		values, ok := value.(map[string]any)
		if !ok {
			return form
		}
		out := map[string]any{}
		for key, inner := range form {
			if now, ok := values[key]; ok {
				inner = inForm(inner, now)
			}
			out[key] = inner
		}
		return out
	case []any:
		values, ok := value.([]any)
		if !ok || len(form) == 0 {
			return value
		}
		out := make([]any, len(values))
		for i := range values {
			out[i] = inForm(form[min(i, len(form)-1)], values[i])
		}
		return out
	}
	return value
}

// TestInForm: keys that a later version added are left out, and the values are those of now.
func TestInForm(t *testing.T) {
	form := map[string]any{"version": 1.0, "current": map[string]any{"phase": "x"}, "gone": "kept", "list": []any{map[string]any{"a": 1.0}}}
	now := map[string]any{"version": 1.0, "current": map[string]any{"phase": "gate", "added": true}, "list": []any{map[string]any{"a": 2.0, "b": 3.0}, map[string]any{"a": 4.0}}}
	got, err := json.Marshal(inForm(form, now))
	if want := `{"current":{"phase":"gate"},"gone":"kept","list":[{"a":2},{"a":4}],"version":1}`; err != nil || string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func (s *shop) vessel() string { return "bluegate-journal-" + s.Name }

// journal reads what is recorded on the engine.
func (s *shop) journal() any {
	s.t.Helper()
	out, err := exec.Command("docker", "cp", s.vessel()+":/journal.json", "-").Output()
	if err != nil {
		s.t.Fatal(err)
	}
	r := tar.NewReader(bytes.NewReader(out))
	if _, err := r.Next(); err != nil {
		s.t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		s.t.Fatal(err)
	}
	var sealed struct{ Journal any }
	if err := json.Unmarshal(text, &sealed); err != nil {
		s.t.Fatal(err)
	}
	return sealed.Journal
}

func (s *shop) putJournal(journal any) {
	s.t.Helper()
	body, err := json.Marshal(journal)
	if err != nil {
		s.t.Fatal(err)
	}
	sum := sha256.Sum256(body)
	text, err := json.Marshal(map[string]any{"sha256": hex.EncodeToString(sum[:]), "journal": json.RawMessage(body)})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, name := range []string{"journal.new.json", "journal.json"} {
		file := filepath.Join(s.t.TempDir(), name)
		if err := os.WriteFile(file, text, 0o600); err != nil {
			s.t.Fatal(err)
		}
		docker(s.t, "cp", file, s.vessel()+":/"+name)
	}
}
