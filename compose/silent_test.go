package compose

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bluegate/deploy/model"
)

// An engine that stands still accepts every question and answers none; each has a deadline of its own.
func TestNoQuestionWaitsForEver(t *testing.T) {
	m := model.Model{Colour: model.Blue, ComposeProject: "shop", Services: []model.Service{{Name: "was-blue", Image: "shop:v1"}}}
	app := model.Application{Project: "shop", Models: map[model.Colour]model.Model{model.Blue: m, model.Green: m}}
	one := []model.Container{{ID: "x", Name: "shop-was-blue-1", RestartPol: "always"}}
	for name, test := range map[string]struct {
		ask   func(context.Context, *Stack, *Ledger) error
		limit time.Duration
	}{
		"containers": {func(ctx context.Context, s *Stack, _ *Ledger) error { return errOf(s.Containers(ctx, app)) }, askLimit},
		"images":     {func(ctx context.Context, s *Stack, _ *Ledger) error { return errOf(s.Images(ctx, m)) }, askLimit},
		"remove images": {func(ctx context.Context, s *Stack, _ *Ledger) error {
			return errOf(s.RemoveImages(ctx, []model.PulledImage{{Ref: "a"}}))
		}, askLimit},
		"log":    {func(ctx context.Context, s *Stack, _ *Ledger) error { return errOf(s.LogTail(ctx, "x", 20)) }, askLimit},
		"retire": {func(ctx context.Context, s *Stack, _ *Ledger) error { return s.Retire(ctx, one) }, askLimit},
		"remove": {func(ctx context.Context, s *Stack, _ *Ledger) error { return s.Remove(ctx, one) }, killLimit},
		"exec": {func(ctx context.Context, s *Stack, _ *Ledger) error {
			_, _, err := s.Exec(ctx, one[0], []string{"true"})
			return err
		}, askLimit},
		"exit code": {func(ctx context.Context, s *Stack, _ *Ledger) error {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return s.engine.unreachable(errOf(s.exitCode(ctx, "x")))
		}, askLimit},
		"lock": {func(ctx context.Context, _ *Stack, l *Ledger) error {
			return errOf(l.Lock(ctx, "shop", model.Holder{}))
		}, askLimit},
		"holder": {func(ctx context.Context, _ *Stack, l *Ledger) error { return errOf(l.Holder(ctx, "shop")) }, askLimit},
		"read":   {func(ctx context.Context, _ *Stack, l *Ledger) error { return errOf(l.Read(ctx, "shop")) }, askLimit},
		"write":  {func(ctx context.Context, _ *Stack, l *Ledger) error { return l.Write(ctx, "shop", model.Journal{}) }, askLimit},
		"sweep":  {func(ctx context.Context, _ *Stack, l *Ledger) error { return l.Sweep(ctx, "shop") }, askLimit},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := answers(hangs).engine(t)
				began := time.Now()
				err := test.ask(t.Context(), &Stack{engine: e}, NewLedger(e))
				var silent *model.UnreachableError
				if took := time.Since(began); !errors.As(err, &silent) || took > test.limit {
					t.Errorf("after %s, and it may take %s: %v", took, test.limit, err)
				}
			})
		})
	}
}

// The container's own grace counts, but an engine that does not kill after it is given up.
func TestStopThatDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := answers(func(req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/stop") {
				return hangs(req)
			}
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"Id":"x","Config":{"StopTimeout":300}}`))}, nil
		}).engine(t)
		began := time.Now()
		err := (&Stack{engine: e}).Retire(t.Context(), []model.Container{{ID: "x", Name: "shop-was-blue-1", RestartPol: "always"}})
		var silent *model.UnreachableError
		if took := time.Since(began); took < 5*time.Minute || took > 7*time.Minute || !errors.As(err, &silent) || !strings.Contains(err.Error(), "shop-was-blue-1") {
			t.Errorf("after %s: %v", took, err)
		}
	})
}
