package e2e

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"bluegate/deploy/model"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
)

// shape is a setup in a form that was met in the wild, and what init has to make of it.
type shape struct {
	layout
	want    *string // bluegate.yml afterwards; nil: none is written
	refused string  // what it says, where there is no right one
	doubled string  // the services that are to exist twice
	write   bool    // init --write
	quiet   bool    // nothing answers users
	pastes  string  // the file that the block to paste is to be, after which init and a deployment go through
	deploys bool    // two deployments follow, under load
}

// shapes reads testdata/shapes: the head of each file says what ran before, its files are the folder, and want is the
// bluegate.yml that init must write.
func shapes(t *testing.T) (all []shape) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "testdata", "shapes", "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s := shape{layout: layout{folder: strings.TrimSuffix(filepath.Base(path), ".txtar")}}
		for line := range strings.Lines(string(archive.Comment)) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			switch value = strings.TrimSpace(value); key {
			case "up":
				s.live = append(s.live, projectOf(value))
			case "refused":
				s.refused = value
			case "doubled":
				s.doubled = value
			case "write":
				s.write = true
			case "quiet":
				s.quiet = true
			case "pastes":
				s.pastes = value
			case "deploys":
				s.deploys = true
			}
		}
		files := fstest.MapFS{}
		for _, f := range archive.Files {
			if f.Name == "want" {
				text := string(f.Data)
				s.want = &text
				continue
			}
			files[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
		}
		s.shape, s.layout.quiet = files, s.quiet || len(s.live) == 0
		all = append(all, s)
	}
	return all
}

// projectOf reads the words of a call of `docker compose up -d`.
func projectOf(words string) (p project) {
	list := strings.Fields(words)
	for len(list) > 0 {
		switch {
		case list[0] == "-f":
			p.files = append(p.files, list[1])
			list = list[1:]
		case list[0] == "-p":
			p.name = list[1]
			list = list[1:]
		case list[0] == "--env-file":
			p.envFiles = append(p.envFiles, list[1])
			list = list[1:]
		default:
			p.services = append(p.services, list[0])
		}
		list = list[1:]
	}
	return p
}

// init finds the bluegate.yml with which a deployment would begin, or says what stands in the way and writes nothing.
func TestShapes(t *testing.T) {
	t.Parallel()
	for _, sh := range sample.Rows(t, shapes(t), 9) {
		t.Run(sh.folder, func(t *testing.T) {
			t.Parallel()
			s := sh.stand(t)
			before := s.files()
			args := []string{"init", "--format", "json"}
			if sh.write {
				args = append(args, "--write")
			}
			out, err := s.Command(t.Context(), nil, args...).Output()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			var said struct {
				Outcome model.Outcome
				Doubled []string
				Content string
			}
			if err := json.Unmarshal(out, &said); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if sh.refused != "" {
				want := s.words.Replace(sh.refused)
				if exit == nil || exit.ExitCode() != 3 || !strings.Contains(string(out), want) {
					t.Errorf("it does not end with exit code 3 and %q: %v\n%s", want, err, out)
				}
				if now := s.files(); !reflect.DeepEqual(now, before) {
					t.Errorf("files were changed: %v", now)
				}
				if sh.pastes != "" {
					s.pastes(sh)
				}
				return
			}
			if err != nil || strings.Join(said.Doubled, " ") != sh.doubled {
				t.Fatalf("%v, doubled %v\n%s", err, said.Doubled, out)
			}
			if want := s.words.Replace(*sh.want); !reflect.DeepEqual(meaning(t, said.Content), meaning(t, want)) && (!sh.write || said.Content != want) {
				t.Errorf("init proposes\n%swant\n%s%s", said.Content, want, out)
			}
			if sh.doubled == "" {
				r := s.deploys(0, model.Planned, nil, "--dry-run")
				if r.Report.Live != model.Blue {
					t.Errorf("live is %q", r.Report.Live)
				}
				if sh.deploys {
					s.deploysTwice()
				}
			} else if now := s.files(); !reflect.DeepEqual(now, before) {
				t.Errorf("files were changed without --write: %v", now)
			}
		})
	}
}

// pastes carries out what a refusal of init prints: its block becomes a file, init runs again, and deployments go through.
func (s *shop) pastes(sh shape) {
	s.t.Helper()
	said := func() (blockers []struct{ Paste string }, content string) {
		out, _ := s.Command(s.t.Context(), nil, "init", "--format", "json").Output()
		var all struct {
			Blockers []struct{ Paste string }
			Content  string
		}
		if err := json.Unmarshal(out, &all); err != nil {
			s.t.Fatalf("%v\n%s", err, out)
		}
		return all.Blockers, all.Content
	}
	blockers, _ := said()
	if len(blockers) != 1 || blockers[0].Paste == "" {
		out, _ := s.Command(s.t.Context(), nil, "init").Output()
		s.t.Fatalf("there is not one block to paste: %v\n%s", blockers, out)
	}
	if err := os.WriteFile(filepath.Join(s.Dir, sh.pastes), []byte(blockers[0].Paste+"\n"), 0o644); err != nil {
		s.t.Fatal(err)
	}
	blockers, content := said()
	if want := s.words.Replace(*sh.want); len(blockers) > 0 || !reflect.DeepEqual(meaning(s.t, content), meaning(s.t, want)) {
		s.t.Fatalf("afterwards init proposes\n%swant\n%s%v", content, want, blockers)
	}
	s.deploysTwice()
}

// deploysTwice is a good release each way under load, of which nobody loses a request.
func (s *shop) deploysTwice() {
	s.t.Helper()
	stop := s.load(load.Options{Kinds: []load.Kind{load.NoKeepAlive}, Paths: []string{"/"}, Rate: 60, Workers: 2})
	for _, r := range []struct{ version, colour string }{{"v2", "green"}, {"v1", "blue"}} {
		report := s.deploys(0, model.Promoted, []string{"VERSION=" + r.version, "BLUEGATE_GATE_STABLE=500ms"}).Report
		if string(report.Live) != r.colour {
			s.t.Errorf("live is %s, want %s", report.Live, r.colour)
		}
	}
	record := stop()
	nothingLost(s.t, record, load.NoKeepAlive)
	colours(s.t, record, "blue", "green", "blue")
}

// files are the texts in the folder.
func (s *shop) files() map[string]string {
	s.t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(s.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			all[path] = textOf(s.t, path)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}
