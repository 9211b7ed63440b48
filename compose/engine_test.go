package compose

import (
	"fmt"
	"strings"
	"testing"

	"bluegate/testdata/project"

	"bluegate/compose/load"
	"bluegate/deploy/model"
	"bluegate/testdata/enginetest"
)

// bench is an engine with a project of the test.
type bench struct{ *enginetest.Bench }

func newBench(t *testing.T) *bench {
	t.Helper()
	return &bench{enginetest.New(t)}
}

// stack loads Compose files of the test's own project.
func (b *bench) stack(files map[string]string) (*Stack, model.Application) {
	b.T.Helper()
	for name, text := range files {
		files[name] = "name: " + b.ID + "\n" + text
	}
	s, err := New(connection(b.T, b.Engine), load.Options{Dir: project.Folder(b.T, files)})
	if err != nil {
		b.T.Fatal(err)
	}
	app, err := s.Load(b.T.Context())
	if err != nil {
		b.T.Fatal(err)
	}
	return s, app
}

// shopService is one of the shop's, with a fast healthcheck.
func shopService(name string, env ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %s:\n    image: %s\n    healthcheck: {test: [CMD, /healthcheck, \"http://127.0.0.1:3000/health\"], interval: 500ms, timeout: 2s, retries: 3}\n    environment:\n      COLOUR: x\n", name, enginetest.ShopImage)
	for _, e := range env {
		k, v, _ := strings.Cut(e, "=")
		fmt.Fprintf(&b, "      %s: %q\n", k, v)
	}
	return b.String()
}
