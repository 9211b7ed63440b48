package nginx

import (
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/nginx/agent"
)

// A stopped engine takes the question and says nothing.
func TestReachOfASilentHelper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		questions, in := io.Pipe()
		out, answers := io.Pipe()
		go func() { _, _ = io.Copy(io.Discard, questions) }()
		defer func() { in.Close(); answers.Close(); synctest.Wait() }()
		r := New(nil, Options{})
		r.found = &contained{name: "edge", agent: &agentOf{help: &companion{Client: agent.NewClient(in, out)}}}
		began := time.Now()
		err := r.Reach(t.Context(), []model.Target{{Endpoint: model.Endpoint{Host: "was-green", Port: 3000}}})
		var silent *model.UnreachableError
		if took := time.Since(began); !errors.As(err, &silent) || took > engine.AskLimit {
			t.Errorf("after %s: %v", took, err)
		}
	})
}
