package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"bluegate/deploy"
	"bluegate/deploy/model"
)

func TestFaultyReports(t *testing.T) {
	interrupted, cancel := context.WithCancelCause(context.Background())
	cancel(&deploy.InterruptedError{Signal: 15, Name: "SIGTERM"})
	for name, test := range map[string]struct {
		ctx  context.Context
		err  error
		want model.Outcome
		code int
	}{
		"usage":       {context.Background(), model.Invalid("no such thing"), model.Malformed, 2},
		"engine":      {context.Background(), &model.UnreachableError{What: "the engine", Err: io.EOF}, model.Unreachable, 7},
		"fault":       {context.Background(), errors.New("a bug"), model.Failed, 1},
		"interrupted": {interrupted, context.Canceled, model.Interrupted, 143},
	} {
		r := errorReport(test.ctx, "deploy", test.err)
		if r.Outcome != test.want || r.ExitCode != test.code || r.Message == "" || r.Command != "deploy" {
			t.Errorf("%s: %+v", name, r)
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		valid(t, string(text))
	}
}
