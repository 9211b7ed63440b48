package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/docker/cli/cli-plugins/metadata"
	"github.com/docker/cli/cli-plugins/socket"
	"github.com/docker/cli/cli/flags"
	"github.com/spf13/pflag"

	"bluegate/deploy/model"
)

// pluginCommand is the name under which the docker command calls this executable: docker bluegate …
const pluginCommand = "bluegate"

// isPlugin says whether the docker command has started this process: by its name, docker-bluegate, and by what the docker
// command tells its plugins. A person who calls docker-bluegate gets bluegate.
func isPlugin(argv0 string, args []string, getenv func(string) string) bool {
	name := strings.TrimSuffix(filepath.Base(argv0), ".exe")
	return name == metadata.NamePrefix+pluginCommand && (getenv(metadata.ReexecEnvvar) != "" || len(args) > 0 && args[0] == metadata.MetadataSubcommandName)
}

// pluginArguments splits the arguments of a plugin into the docker command's own flags, which come first, and those of
// bluegate, which follow its name.
func pluginArguments(args []string) (docker, own []string, err error) {
	set := pflag.NewFlagSet("docker", pflag.ContinueOnError)
	set.SetInterspersed(false)
	flags.NewClientOptions().InstallFlags(set)
	if len(args) > 0 && args[0] == completeMode { // docker-bluegate __complete bluegate …
		return nil, slices.Concat(args[:1], afterName(args[1:])), nil
	}
	if err := set.Parse(args); err != nil {
		return nil, nil, model.Invalid("docker's own flags: %w", err)
	}
	docker, own = args[:len(args)-set.NArg()], set.Args()
	if len(own) > 0 && own[0] == "help" { // docker help bluegate
		return docker, append([]string{"help"}, afterName(own[1:])...), nil
	}
	return docker, afterName(own), nil
}

// afterName are the arguments after the plugin's name.
func afterName(args []string) []string {
	if len(args) > 0 && args[0] == pluginCommand {
		return args[1:]
	}
	return args
}

// pluginMetadata tells the docker command what this plugin is.
func pluginMetadata(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(metadata.Metadata{
		SchemaVersion: "0.1.0", Vendor: "bluegate", Version: version, ShortDescription: "Blue/green deployments of Compose applications behind nginx",
	})
}

// whenDockerEnds calls a function when the docker command was interrupted, or has ended. It passes no signal on to a plugin
// without a terminal: it closes a socket. What this process starts is no plugin, and is told nothing of this.
func whenDockerEnds(do func()) {
	socket.ConnectAndWait(do)
	_ = os.Unsetenv(socket.EnvKey)
	_ = os.Unsetenv(metadata.ReexecEnvvar)
}
