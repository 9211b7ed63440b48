package compose

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/docker/cli/cli/command"
	"github.com/docker/cli/cli/flags"

	"bluegate/compose/engine"
)

// connection is an engine with what Compose needs of the docker command.
func connection(t *testing.T, e *engine.Engine) *Connection {
	t.Helper()
	cli, err := command.NewDockerCli(command.WithCombinedStreams(io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	opts := flags.NewClientOptions()
	opts.Hosts = []string{e.Endpoint}
	if err := cli.Initialize(opts); err != nil {
		t.Fatal(err)
	}
	return &Connection{Engine: e, cli: cli}
}

// projectFolder writes files and returns their folder. It is named shop, which is the default for the Compose project.
func projectFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shop")
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
