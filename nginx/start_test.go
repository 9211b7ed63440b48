package nginx

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"bluegate/deploy/model"
)

// An nginx that could not start has no namespace yet, and its names must be asked for on every network that it joins.
func TestStart(t *testing.T) {
	b := newBench(t)
	more := []string{b.network("a"), b.network("z")}
	b.run(box{name: "edge", created: true, files: edge("was-blue:3000"), networks: []string{more[0], b.net, more[1]}})
	s := &shop{bench: b}
	s.green = b.app("was-green", "3000")
	s.plan()
	s.id = s.route.ID
	if s.route.State != model.RouterStopped {
		t.Fatalf("%+v", s.route)
	}
	s.rehearse()
	done, err := s.switchNow()
	if err != nil {
		t.Fatalf("start: %v\n%s", err, b.log(s.id))
	}
	if done.NewWorkers == 0 || done.OldWorkers != 0 {
		t.Errorf("%+v", done)
	}
	s.serves("green")
	s.leavesNothing()
}

// An nginx that came up and serves someone else, or that did not come up, is stopped again, and its file is the old one.
func TestStartThatIsNotProven(t *testing.T) {
	for name, test := range map[string]struct {
		more    string // of the configuration
		cmd     []string
		proofs  []model.Proof
		applied bool
	}{
		"another token": {"server { listen 8099; location / { return 200 other; } }\n", nil, []model.Proof{{URL: "http://127.0.0.1:8099/", Token: "ours"}}, true},
		"no worker":     {"", []string{"sh", "-c", "exit 1"}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			x := storages["folder"](b, edge("was-blue:3000")[confPath]+test.more)
			x.name, x.created, x.cmd = "edge", true, test.cmd
			b.run(x)
			s := &shop{bench: b}
			s.green = b.app("was-green", "3000")
			s.plan()
			s.id = s.route.ID
			s.router.limit = 2 * time.Second
			s.change.Proofs = test.proofs
			s.rehearse()
			_, err := s.switchNow()
			var failed *model.NotSwitchedError
			if !errors.As(err, &failed) || failed.Restored != nil || failed.Applied != test.applied {
				t.Fatalf("got %+v", err)
			}
			info, err := b.engine.ContainerInspect(t.Context(), s.id)
			if err != nil || info.State.Running || info.State.Restarting {
				t.Errorf("nginx is %+v, %v", info.State, err)
			}
			if got := read(t, x.mounts[0].Source+"/default.conf"); !strings.Contains(got, "was-blue:3000") {
				t.Errorf("the file holds %q", got)
			}
			s.leavesNothing()
		})
	}
}

// Someone starts the stopped nginx with its old files, before the switch or between its journal entry and its write: nothing
// is taken for switched, the files are the old ones, and the switch is to be planned again.
func TestStartedBySomeoneElse(t *testing.T) {
	for name, during := range map[string]bool{"before the switch": false, "before the write": true} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.app("was-blue", "3000") // so that it can start
			x := storages["folder"](b, edge("was-blue:3000")[confPath])
			x.name, x.created = "edge", true
			b.run(x)
			s := &shop{bench: b}
			s.green = b.app("was-green", "3000")
			s.plan()
			s.id = s.route.ID
			s.rehearse()
			start := func() error {
				if err := b.engine.ContainerStart(t.Context(), s.id, container.StartOptions{}); err != nil {
					return err
				}
				b.serves(s.id)
				return nil
			}
			begin := func(model.Change) error { return start() }
			if !during {
				begin = begun
				if err := start(); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := s.router.Switch(t.Context(), s.change, s.targets(), begin); !errors.Is(err, model.ErrChanged) {
				t.Fatalf("got %v", err)
			}
			if got := read(t, x.mounts[0].Source+"/default.conf"); !strings.Contains(got, "was-blue:3000") {
				t.Errorf("the file holds %q", got)
			}
			s.serves("blue")
			s.plan() // again
			if _, err := s.switchNow(); err != nil {
				t.Fatal(err)
			}
			s.serves("green")
		})
	}
}
