// Package compose is the adapter to Compose and to the engine: it loads the colours' files, pulls, starts, watches,
// stops and prunes their containers, and keeps the lock and the journal on the engine.
//
// Compose itself is used only to converge (load, pull, create, start); readiness is decided by package gate from what
// this package reports.
package compose

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/docker/cli/cli/command"
	"github.com/docker/cli/cli/connhelper"
	"github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/flags"
	"github.com/docker/docker/client"
	"github.com/sirupsen/logrus"
	"github.com/spf13/pflag"

	"bluegate/deploy/model"
)

// Engine is a connection to one Docker engine, by the client that Compose uses and by the one that we use.
type Engine struct {
	*client.Client
	Endpoint string
	cli      command.Cli
	// Skew is what has to be added to the engine's times to get ours.
	Skew time.Duration
	// Waiter returns a static executable for an architecture, and the arguments with which it waits for a signal. Where it
	// is nil, lock and journal are containers that never run, which a prune removes.
	Waiter func(architecture string) (executable []byte, args []string, err error)
}

// Local says whether the engine runs on the machine that this process sees: from within a container, its socket leads
// to another one's files, processes and addresses.
func (e *Engine) Local() bool {
	socket, ok := strings.CutPrefix(e.Endpoint, "unix://")
	return ok && besideUs(socket)
}

// askLimit bounds one question: a stopped daemon would hold the asker for ever (it accepts the connection and is
// silent). The first question to an engine that is not on this machine also sets up the way there: ssh connects and
// authenticates, on a slow line too.
const (
	askLimit   = 15 * time.Second
	reachLimit = 45 * time.Second
)

func asking(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, askLimit)
}

// Connect finds the engine as the docker command does: host, else DOCKER_HOST, else the named or current context. It
// asks it once; an engine that does not answer is a *deploy.UnreachableError that names the endpoint and the remedy.
func Connect(ctx context.Context, host, contextName string) (*Engine, error) {
	cli, err := dockerCLI(ctx, host, contextName)
	if err != nil {
		return nil, err
	}
	endpoint, err := endpointOf(cli)
	if err != nil {
		return nil, &model.InvalidError{Err: fmt.Errorf("find the engine of context %q: %w", cli.CurrentContext(), err)}
	}
	raw, err := rawClient(endpoint)
	if err != nil {
		return nil, &model.InvalidError{Err: fmt.Errorf("connect to the engine at %s: %w", endpoint.Host, err)}
	}
	e := &Engine{Client: raw, Endpoint: endpoint.Host, cli: cli}
	return e, e.greet(ctx)
}

// settingUp guards what docker/cli and logrus keep in globals.
var settingUp sync.Mutex

func dockerCLI(ctx context.Context, host, contextName string) (command.Cli, error) {
	settingUp.Lock()
	defer settingUp.Unlock()
	// Compose and its loader log through logrus's global logger, every warning several times over.
	logrus.SetOutput(io.Discard)
	cli, err := command.NewDockerCli(command.WithBaseContext(ctx), command.WithCombinedStreams(io.Discard), command.WithInputStream(io.NopCloser(strings.NewReader(""))))
	if err != nil {
		return nil, fmt.Errorf("set up the engine's client: %w", err)
	}
	if err := cli.Initialize(clientOptions(host, contextName)); err != nil {
		return nil, &model.InvalidError{Err: fmt.Errorf("find the engine: %w", err)}
	}
	return cli, nil
}

// clientOptions are the docker command's own. It takes DOCKER_TLS_VERIFY and DOCKER_CERT_PATH as defaults of its flags.
func clientOptions(host, contextName string) *flags.ClientOptions {
	opts := flags.NewClientOptions()
	set := pflag.NewFlagSet("docker", pflag.ContinueOnError)
	opts.InstallFlags(set)
	opts.SetDefaultOptions(set)
	if host != "" {
		opts.Hosts = []string{host}
	}
	opts.Context = contextName
	return opts
}

// endpointOf is where the engine is. cli.DockerEndpoint would swallow errors, and asks the engine on the way.
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

// greet asks the engine for its time. Its clock matters: healthcheck results carry it, and the engine may be remote.
// Whatever goes wrong here, the engine could not be asked.
func (e *Engine) greet(ctx context.Context) error {
	limit := askLimit
	if !strings.HasPrefix(e.Endpoint, "unix://") {
		limit = reachLimit
	}
	ask, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	before := time.Now()
	info, err := e.Info(ask)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == nil:
	case notAnswering(err):
		return e.unreachable(err)
	default:
		return &model.UnreachableError{What: "the engine at " + e.Endpoint, Err: err}
	}
	if there, err := time.Parse(time.RFC3339Nano, info.SystemTime); err == nil {
		middle := before.Add(time.Since(before) / 2)
		e.Skew = middle.Sub(there)
	}
	return nil
}

// rawClient is a docker/docker client on the endpoint that docker/cli resolved; by itself it knows neither contexts
// nor ssh.
func rawClient(endpoint docker.Endpoint) (*client.Client, error) {
	opts := []client.Opt{client.WithAPIVersionNegotiation()}
	helper, err := connhelper.GetConnectionHelper(endpoint.Host)
	transport := &http.Transport{}
	switch {
	case err != nil:
		return nil, err
	case helper != nil:
		transport.DialContext = helper.Dialer
		opts = append(opts, client.WithHTTPClient(&http.Client{Transport: repeatQuestions(transport)}),
			client.WithHost(helper.Host), client.WithDialContext(helper.Dialer))
	case endpoint.TLSData != nil || endpoint.SkipTLSVerify:
		config, err := tlsConfig(endpoint)
		if err != nil {
			return nil, err
		}
		transport.TLSClientConfig = config
		opts = append(opts, client.WithHTTPClient(&http.Client{Transport: repeatQuestions(transport)}), client.WithHost(endpoint.Host))
	default:
		opts = append(opts, client.WithHTTPClient(&http.Client{Transport: repeatQuestions(transport)}), client.WithHost(endpoint.Host))
	}
	return client.NewClientWithOpts(opts...)
}

// tlsConfig is what docker/cli makes of a context's or an environment's certificates; it keeps its own to itself.
func tlsConfig(endpoint docker.Endpoint) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: endpoint.SkipTLSVerify} //nolint:gosec // the user's own choice
	data := endpoint.TLSData
	if data == nil {
		return config, nil
	}
	if data.CA != nil {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(data.CA) {
			return nil, errors.New("its ca.pem holds no certificate")
		}
	}
	if data.Cert != nil && data.Key != nil {
		pair, err := tls.X509KeyPair(data.Cert, data.Key)
		if err != nil {
			return nil, fmt.Errorf("its client certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// unreachable explains an engine that does not answer; other errors pass unchanged.
func (e *Engine) unreachable(err error) error {
	if err == nil || !notAnswering(err) {
		return err
	}
	return &model.UnreachableError{What: "the engine at " + e.Endpoint, Err: fmt.Errorf("%w %s", err, e.remedy(err))}
}

func (e *Engine) remedy(err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "permission denied"):
		return fmt.Sprintf("(add this user (uid %d) to the socket's group, or run as one who may use it)", os.Getuid())
	case errors.Is(err, context.DeadlineExceeded):
		return "(it accepts connections but does not answer; look at the daemon)"
	}
	return "(start it, or name another with --host, --context or DOCKER_HOST)"
}

func notAnswering(err error) bool {
	return client.IsErrConnectionFailed(err) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) ||
		errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
