package nginx

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/incontainer"
	"bluegate/nginx/instance"
)

// silent is an nginx whose agent says what a client hears.
type silent struct {
	instance.Instance
	client *agent.Client
}

func (s silent) Ask(ctx context.Context, req agent.Request) (agent.Response, error) {
	return s.client.Ask(ctx, req)
}

// A stopped engine takes the question and says nothing.
func TestReachOfASilentHelper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		questions, in := io.Pipe()
		out, answers := io.Pipe()
		go func() { _, _ = io.Copy(io.Discard, questions) }()
		defer func() { in.Close(); answers.Close(); synctest.Wait() }()
		r := New(nil, instance.Options{}).over(silent{&incontainer.Nginx{Name: "edge"}, agent.NewClient(in, out)})
		began := time.Now()
		err := r.reachable(t.Context(), []model.Target{{Endpoint: model.Endpoint{Host: "was-green", Port: 3000}}})
		var silent *model.UnreachableError
		if took := time.Since(began); !errors.As(err, &silent) || took > engine.AskLimit {
			t.Errorf("after %s: %v", took, err)
		}
	})
}
