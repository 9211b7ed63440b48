// Package connect finds an engine as the docker command finds it, and connects to it.
package connect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/docker/cli/cli/command"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/connhelper"
	"github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/flags"
	"github.com/docker/docker/client"
	"github.com/sirupsen/logrus"
	"github.com/spf13/pflag"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
)

// Connection is an engine that was found in the same way as the docker command finds it, with the parts of that command
// that Compose's library needs.
type Connection struct {
	*engine.Engine
	CLI command.Cli
}

// To finds the engine in the same way as the docker command: host, then DOCKER_HOST, then the named or the current
// context. docker are flags of that command, where it has started this process; host and context go before its own. If the
// engine does not answer, or is Podman, the error is a *model.UnreachableError that names the endpoint and the remedy.
func To(ctx context.Context, host, contextName string, docker ...string) (*Connection, error) {
	cli, err := CLI(ctx, host, contextName, docker)
	if err != nil {
		return nil, err
	}
	endpoint, err := endpointOf(cli)
	if err != nil {
		return nil, &model.InvalidError{Err: fmt.Errorf("find the engine of context %q: %w", cli.CurrentContext(), err)}
	}
	leases := &engine.Leases{}
	raw, err := rawClient(endpoint, leases)
	if err != nil {
		return nil, &model.InvalidError{Err: fmt.Errorf("connect to the engine at %s: %w", endpoint.Host, err)}
	}
	c := &Connection{Engine: &engine.Engine{Client: raw, Endpoint: endpoint.Host, Leases: leases}, CLI: cli}
	if err := c.SetSkew(ctx); err != nil {
		return c, err
	}
	return c, c.learn(ctx)
}

// learn asks the engine what it is. It returns a *model.UnreachableError for Podman, which speaks Docker's API: nobody has shown
// that its healthchecks, events, names and restarts mean what a gate takes them to mean.
func (c *Connection) learn(ctx context.Context) (err error) {
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	if c.About, err = c.ServerVersion(ask); err != nil {
		return c.Unreachable(fmt.Errorf("ask for the versions: %w", err))
	}
	for _, part := range c.About.Components {
		if strings.HasPrefix(part.Name, "Podman") {
			return &model.UnreachableError{What: "Docker's engine", Err: fmt.Errorf("at %s is Podman %s, and bluegate deploys to Docker's engine only; choose one with --host, --context or DOCKER_HOST", c.Endpoint, c.About.Version)}
		}
	}
	return nil
}

// ConfigFile is the configuration of the docker command, with the credentials for registries.
func (c *Connection) ConfigFile() *configfile.ConfigFile { return c.CLI.ConfigFile() }

// setupMutex guards global variables of docker/cli and logrus.
var setupMutex sync.Mutex

// CLI is the docker command's own part, with what host, contextName and its flags choose. It sends no request.
func CLI(ctx context.Context, host, contextName string, docker []string) (command.Cli, error) {
	setupMutex.Lock()
	defer setupMutex.Unlock()
	// Compose and its loader log to logrus's global logger, and repeat every warning.
	logrus.SetOutput(io.Discard)
	cli, err := command.NewDockerCli(command.WithBaseContext(ctx), command.WithCombinedStreams(io.Discard), command.WithInputStream(io.NopCloser(strings.NewReader(""))))
	if err != nil {
		return nil, fmt.Errorf("set up the engine's client: %w", err)
	}
	opts, err := clientOptions(host, contextName, docker)
	if err != nil {
		return nil, err
	}
	if err := cli.Initialize(opts); err != nil {
		return nil, &model.InvalidError{Err: fmt.Errorf("find the engine: %w", err)}
	}
	return cli, nil
}

// clientOptions are the docker command's own, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH as defaults of its flags.
func clientOptions(host, contextName string, docker []string) (*flags.ClientOptions, error) {
	opts := flags.NewClientOptions()
	set := pflag.NewFlagSet("docker", pflag.ContinueOnError)
	opts.InstallFlags(set)
	if err := set.Parse(docker); err != nil {
		return nil, model.Invalid("docker's own flags: %w", err)
	}
	opts.SetDefaultOptions(set)
	if host != "" || contextName != "" {
		opts.Hosts, opts.Context = nil, contextName
	}
	if host != "" {
		opts.Hosts = []string{host}
	}
	return opts, nil
}

// endpointOf returns the endpoint of the engine. cli.DockerEndpoint would drop errors and send a request.
func endpointOf(cli command.Cli) (docker.Endpoint, error) {
	store, name := cli.ContextStore(), cli.CurrentContext()
	meta, err := store.GetMetadata(name)
	if err != nil {
		return docker.Endpoint{}, err
	}
	endpoint, err := docker.EndpointFromContext(meta)
	if err != nil {
		return docker.Endpoint{}, err
	}
	return docker.WithTLSData(store, name, endpoint)
}

// rawClient returns a docker/docker client for the endpoint that docker/cli resolved. On its own, the client supports
// neither contexts nor ssh.
func rawClient(endpoint docker.Endpoint, leases *engine.Leases) (*client.Client, error) {
	opts := []client.Opt{client.WithAPIVersionNegotiation()}
	helper, err := connhelper.GetConnectionHelper(endpoint.Host)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{}
	if helper != nil {
		transport.DialContext = helper.Dialer
		opts = append(opts, client.WithHTTPClient(&http.Client{Transport: engine.RetryQuestions(transport, leases)}),
			client.WithHost(helper.Host), client.WithDialContext(helper.Dialer))
		return client.NewClientWithOpts(opts...)
	}
	if endpoint.TLSData != nil || endpoint.SkipTLSVerify {
		if transport.TLSClientConfig, err = tlsConfig(endpoint); err != nil {
			return nil, err
		}
	}
	opts = append(opts, client.WithHTTPClient(&http.Client{Transport: engine.RetryQuestions(transport, leases)}), client.WithHost(endpoint.Host))
	return client.NewClientWithOpts(opts...)
}

// tlsConfig makes a TLS configuration from the certificates of a context or of the environment. docker/cli does the
// same but does not export it.
func tlsConfig(endpoint docker.Endpoint) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: endpoint.SkipTLSVerify} //nolint:gosec // the user's own choice
	data := endpoint.TLSData
	if data == nil {
		return config, nil
	}
	if data.CA != nil {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(data.CA) {
			return nil, errors.New("its ca.pem has no certificate")
		}
	}
	if data.Cert != nil && data.Key != nil {
		pair, err := tls.X509KeyPair(data.Cert, data.Key)
		if err != nil {
			return nil, fmt.Errorf("load its client certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
