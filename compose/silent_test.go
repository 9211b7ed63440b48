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

	"bluegate/compose/engine"
	"bluegate/compose/state"
	"bluegate/deploy/model"
	"bluegate/testdata/enginetest"
)

// An engine that hangs accepts every request and answers none; each request has its own deadline.
func TestNoQuestionWaitsForEver(t *testing.T) {
	m := model.Model{Colour: model.Blue, ComposeProject: "shop", Services: []model.Service{{Name: "was-blue", Image: "shop:v1"}}}
	app := model.Application{Project: "shop", Models: map[model.Colour]model.Model{model.Blue: m, model.Green: m}}
	one := []model.Container{{ID: "x", Name: "shop-was-blue-1", RestartPol: "always"}}
	for name, test := range map[string]struct {
		ask   func(context.Context, *Stack, *state.Store) error
		limit time.Duration
	}{
		"containers": {func(ctx context.Context, s *Stack, _ *state.Store) error {
			return enginetest.ErrOf(s.Containers(ctx, app))
		}, engine.AskLimit},
		"images": {func(ctx context.Context, s *Stack, _ *state.Store) error { return enginetest.ErrOf(s.Images(ctx, m)) }, engine.AskLimit},
		"remove images": {func(ctx context.Context, s *Stack, _ *state.Store) error {
			return enginetest.ErrOf(s.RemoveImages(ctx, []model.PulledImage{{Ref: "a"}}))
		}, engine.AskLimit},
		"log": {func(ctx context.Context, s *Stack, _ *state.Store) error {
			return enginetest.ErrOf(s.LogTail(ctx, "x", 20))
		}, engine.AskLimit},
		"retire": {func(ctx context.Context, s *Stack, _ *state.Store) error { return s.Retire(ctx, one) }, engine.AskLimit},
		"remove": {func(ctx context.Context, s *Stack, _ *state.Store) error { return s.Remove(ctx, one) }, engine.KillLimit},
		"exec": {func(ctx context.Context, s *Stack, _ *state.Store) error {
			_, _, err := s.Exec(ctx, one[0], []string{"true"})
			return err
		}, engine.AskLimit},
		"exit code": {func(ctx context.Context, s *Stack, _ *state.Store) error {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return s.engine.Unreachable(enginetest.ErrOf(s.exitCode(ctx, "x")))
		}, engine.AskLimit},
		"lock": {func(ctx context.Context, _ *Stack, l *state.Store) error {
			return enginetest.ErrOf(l.Lock(ctx, "shop", model.Holder{}))
		}, engine.AskLimit},
		"holder": {func(ctx context.Context, _ *Stack, l *state.Store) error {
			return enginetest.ErrOf(l.Holder(ctx, "shop"))
		}, engine.AskLimit},
		"read": {func(ctx context.Context, _ *Stack, l *state.Store) error {
			return enginetest.ErrOf(l.Read(ctx, "shop"))
		}, engine.AskLimit},
		"write": {func(ctx context.Context, _ *Stack, l *state.Store) error {
			return l.Write(ctx, "shop", model.Journal{})
		}, engine.AskLimit},
		"sweep": {func(ctx context.Context, _ *Stack, l *state.Store) error { return l.Sweep(ctx, "shop") }, engine.AskLimit},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := enginetest.Fake(enginetest.Hangs).Engine(t)
				began := time.Now()
				err := test.ask(t.Context(), &Stack{engine: e}, state.New(e))
				var silent *model.UnreachableError
				if took := time.Since(began); !errors.As(err, &silent) || took > test.limit {
					t.Errorf("after %s, and it may take %s: %v", took, test.limit, err)
				}
			})
		})
	}
}

// The container's own grace period applies, but an engine that does not kill the container after it is given up.
func TestStopThatDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := enginetest.Fake(func(req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/stop") {
				return enginetest.Hangs(req)
			}
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"Id":"x","Config":{"StopTimeout":300}}`))}, nil
		}).Engine(t)
		began := time.Now()
		err := (&Stack{engine: e}).Retire(t.Context(), []model.Container{{ID: "x", Name: "shop-was-blue-1", RestartPol: "always"}})
		var silent *model.UnreachableError
		if took := time.Since(began); took < 5*time.Minute || took > 7*time.Minute || !errors.As(err, &silent) || !strings.Contains(err.Error(), "shop-was-blue-1") {
			t.Errorf("after %s: %v", took, err)
		}
	})
}
