package compose

import (
	"io"
	"testing"

	"github.com/docker/cli/cli/command"
	"github.com/docker/cli/cli/flags"

	"bluegate/compose/connect"
	"bluegate/compose/engine"
)

// connection is an engine with what Compose needs of the docker command.
func connection(t *testing.T, e *engine.Engine) *connect.Connection {
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
	return &connect.Connection{Engine: e, CLI: cli}
}
