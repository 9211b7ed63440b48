package nginx

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/fsys"
	"bluegate/nginx/incontainer"
	"bluegate/nginx/instance"
)

// losing is a place at which the lock is lost once the files are written.
type losing struct {
	instance.Instance
	lose context.CancelCauseFunc
}

// OtherAtStart has the switch done in two requests.
func (l losing) OtherAtStart(context.Context, []model.FileChange) bool { return true }

func (l losing) AtStart(ctx context.Context, f model.FileChange) (fsys.State, error) {
	l.lose(model.ErrLeaseLost)
	return l.Instance.AtStart(ctx, f)
}

// Without the lock nothing more is done, not even undone: what is there may be another run's.
func TestSwitchThatLosesTheLock(t *testing.T) {
	b := newBench(t)
	x := storages["folder"](b, edge("was-blue:3000")[confPath])
	s := b.newShop(x)
	s.rehearse()
	ctx, lose := context.WithCancelCause(t.Context())
	defer lose(nil)
	s.router.found = losing{s.router.found, lose}
	workers := s.workers()
	_, err := s.router.Switch(ctx, s.change, s.targets(), begun)
	var failed *model.NotSwitchedError
	if !errors.As(err, &failed) || !errors.Is(failed.Restored, model.ErrLeaseLost) {
		t.Fatalf("got %v", err)
	}
	if got := read(t, x.mounts[0].Source+"/default.conf"); got != string(s.change.Files[0].New) {
		t.Errorf("the file holds %q", got)
	}
	if now := s.workers(); !slices.Equal(now, workers) {
		t.Errorf("workers %v became %v", workers, now)
	}
	s.serves("blue")
}

// A process that was suspended wakes up after its lock has ended: what comes next is not done, whether it is asked here or
// at the agent, by its own clock.
func TestSwitchAfterTheLockEnded(t *testing.T) {
	for name, test := range map[string]struct {
		until   func(file string) time.Time
		skew    time.Duration
		written bool
	}{
		"before the write":  {until: func(string) time.Time { return time.Now().Add(-time.Second) }},
		"on its way there":  {until: func(string) time.Time { return time.Now().Add(time.Minute) }, skew: time.Hour},
		"before the signal": {until: untilWritten, written: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			x := storages["folder"](b, edge("was-blue:3000")[confPath])
			s := b.newShop(x)
			s.rehearse()
			file := x.mounts[0].Source + "/default.conf"
			c := s.router.found.(*incontainer.Nginx)
			c.Opts.Until, c.Opts.Skew = func() time.Time { return test.until(file) }, test.skew
			s.router.found = losing{c, func(error) {}} // in two requests
			workers := s.workers()
			_, err := s.router.Switch(t.Context(), s.change, s.targets(), begun)
			var failed *model.NotSwitchedError
			if !errors.As(err, &failed) || !errors.Is(err, model.ErrLeaseLost) || test.written != errors.Is(failed.Restored, model.ErrLeaseLost) {
				t.Fatalf("got %v", err)
			}
			want := s.change.Files[0].Old
			if test.written {
				want = s.change.Files[0].New
			}
			if got := read(t, file); got != string(want) {
				t.Errorf("the file holds %q", got)
			}
			if now := s.workers(); !slices.Equal(now, workers) {
				t.Errorf("workers %v became %v", workers, now)
			}
			s.serves("blue")
		})
	}
}

// untilWritten is a lock that ends as soon as a file names green.
func untilWritten(file string) time.Time {
	if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), "green") {
		return time.Now().Add(-time.Second)
	}
	return time.Now().Add(time.Minute)
}
