// Command healthcheck asks one URL and says by its exit code whether the answer was good. It is static and small,
// made to be copied into images that have neither a shell nor curl:
//
//	COPY bluegate-healthcheck /healthcheck
//	HEALTHCHECK CMD ["/healthcheck", "http://127.0.0.1:3000/health"]
//
// What it prints ends in Docker's health log, and from there in bluegate's report, so it is one line that can be
// understood without the container at hand.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"bluegate/deploy/check"
	"bluegate/nginx/agent"
	"bluegate/nginx/tunnel"
)

const usage = `usage: healthcheck [--timeout 3s] [--status 200-299] URL

Asks URL once, without following redirects and without a proxy.

  --timeout D   give up after D (default 3s)
  --status S    the statuses that are healthy: 200, 200-399 or 200,204 (default 200-299)

Exit codes: 0 healthy, 1 unhealthy, 2 usage.
`

const (
	exitHealthy   = 0
	exitUnhealthy = 1
	exitUsage     = 2
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program without the process: the first argument says which of its modes is asked for.
func run(args []string, stdout, stderr io.Writer) int {
	var mode string
	if len(args) > 0 {
		mode = args[0]
	}
	switch mode {
	case "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
		return exitHealthy
	case "--serve":
		// bluegate copies this executable into a container next to nginx and asks it over its standard streams.
		serve := agent.Serve
		if len(args) > 1 && args[1] == agent.ForwardArgument {
			serve = tunnel.Serve
		}
		if err := serve(os.Stdin, stdout); err != nil {
			fmt.Fprintf(stderr, "healthcheck: %v\n", err)
			return exitUsage
		}
		return exitHealthy
	case "--wait":
		// The containers that hold bluegate's lock, its journal and host names run this.
		agent.Wait()
		return exitHealthy
	default:
		return healthcheck(args, stdout, stderr)
	}
}

// healthcheck is the mode that a HEALTHCHECK uses.
func healthcheck(args []string, stdout, stderr io.Writer) int {
	p, err := parse(args)
	if err != nil {
		fmt.Fprintf(stderr, "healthcheck: %v\n\n%s", err, usage)
		return exitUsage
	}
	sentence, healthy := p.ask()
	if !healthy {
		fmt.Fprintln(stderr, sentence)
		return exitUnhealthy
	}
	fmt.Fprintln(stdout, sentence)
	return exitHealthy
}

// parse takes flags before and after the URL: in an image's HEALTHCHECK a flag that were silently dropped would
// show up much later, as a container that is healthy for the wrong reason.
func parse(args []string) (probe, error) {
	p := probe{want: check.Statuses{{First: 200, Last: 299}}}
	flags := flag.NewFlagSet("healthcheck", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.DurationVar(&p.timeout, "timeout", 3*time.Second, "")
	flags.Var(&p.want, "status", "")

	var urls []string
	for rest := args; ; {
		if err := flags.Parse(rest); err != nil {
			return probe{}, err
		}
		if flags.NArg() == 0 {
			break
		}
		urls, rest = append(urls, flags.Arg(0)), flags.Args()[1:]
	}
	if len(urls) != 1 {
		return probe{}, fmt.Errorf("need exactly one URL, got %d", len(urls))
	}
	if p.timeout <= 0 {
		return probe{}, errors.New("--timeout must be greater than 0")
	}
	var err error
	p.url, err = parseURL(urls[0])
	return p, err
}

func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%q is not an http:// or https:// URL", text)
	}
	return u, nil
}
