package engine_test

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
	"bluegate/deploy/model"
	"bluegate/testdata/enginetest"
)

// A long request is given up only when the engine hangs.
func TestAlive(t *testing.T) {
	alive := func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Api-Version": {"1.41"}}, Body: io.NopCloser(strings.NewReader("OK")), Request: req}, nil
	}
	t.Run("an engine that answers", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := enginetest.Fake(alive).Engine(t).Watched(t.Context())
			defer cancel()
			time.Sleep(time.Hour)
			if ctx.Err() != nil {
				t.Errorf("given up: %v", context.Cause(ctx))
			}
		})
	})
	t.Run("an engine that falls silent", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			ctx, cancel := enginetest.Fake(func(req *http.Request) (*http.Response, error) {
				if time.Since(began) > time.Minute {
					return enginetest.Hangs(req)
				}
				return alive(req)
			}).Engine(t).Watched(t.Context())
			defer cancel()
			<-ctx.Done()
			if took := time.Since(began) - time.Minute; took < engine.PulseLimit/2 || took > 3*engine.PulseLimit {
				t.Errorf("given up %s after the last sign of life", took)
			}
			var silent *model.UnreachableError
			if err := engine.SilenceError(ctx, ctx.Err()); !errors.As(err, &silent) {
				t.Errorf("it says %v", err)
			}
		})
	})
}
