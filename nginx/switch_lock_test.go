package nginx

import (
	"context"
	"errors"
	"slices"
	"testing"

	"bluegate/deploy/model"
	"bluegate/nginx/fsys"
	"bluegate/nginx/instance"
)

// losing is a place at which the lock is lost once the files are written.
type losing struct {
	instance.Instance
	lose context.CancelCauseFunc
}

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
