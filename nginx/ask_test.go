package nginx

import (
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"bluegate/deploy/check"
)

// Checks are asked side by side; one helper answers them all, and none is left.
func TestAskSideBySide(t *testing.T) {
	b := newBench(t)
	s := b.newShop(storages["folder"](b, edge("was-blue:3000")[confPath]))
	var group errgroup.Group
	for range 4 {
		group.Go(func() error {
			_, err := s.router.Ask(t.Context(), check.Request{Kind: check.DNS, Target: "was-blue", Timeout: time.Minute})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	if err := s.router.Close(t.Context()); err != nil {
		t.Error(err)
	}
	s.leavesNothing()
}
