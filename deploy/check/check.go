// Package check says whether a colour answers as it should: questions that are asked in addition to Docker's health,
// what counts as a good answer, and how often a good one has to come.
//
// The package is pure. It does no I/O and has no clock: the caller asks a Request, gives the Result to Judge, and gives
// the result of each attempt to Attempts.
package check

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
)

// Kind is what is asked.
type Kind string

// The kinds of checks.
const (
	HTTP Kind = "http"
	TCP  Kind = "tcp"  // a connection is accepted
	TLS  Kind = "tls"  // the certificate is valid
	DNS  Kind = "dns"  // the name resolves
	Exec Kind = "exec" // the command ends with exit code 0
)

// Origin is from where it is asked.
type Origin string

// The vantages. Auto is decided by what is asked.
const (
	Auto      Origin = ""
	Client    Origin = "client"    // where this process runs
	Nginx     Origin = "nginx"     // the network namespace of nginx
	Container Origin = "container" // the network namespace of each container of a service
)

// Check is a question, what counts as a good answer, and how often it is asked.
type Check struct {
	From    Origin
	Service string // whose containers: for Container
	Request
	Want
	Interval time.Duration // between two attempts
	Attempts int           // before it has failed
	Passes   int           // in a row, before it has passed
}

// Want is what counts as a good answer.
type Want struct {
	Statuses    Statuses      // http
	Contains    string        // http: in the body
	ContainsNot string        // http
	Latency     time.Duration // 0: any that is within the timeout
	DaysLeft    int           // tls: how long the certificate is still valid
}

// The defaults of a check that says nothing else.
const (
	DefaultTimeout  = 5 * time.Second
	DefaultInterval = time.Second
	DefaultAttempts = 3
)

// Complete fills in the defaults, and says what is wrong with a check.
func (c Check) Complete() (Check, error) {
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	c.Interval = cmp.Or(c.Interval, DefaultInterval)
	c.Passes = cmp.Or(c.Passes, 1)
	c.Attempts = cmp.Or(c.Attempts, max(DefaultAttempts, c.Passes))
	if c.Kind == HTTP && len(c.Statuses) == 0 {
		c.Statuses = Statuses{{200, 299}}
	}
	switch {
	case c.Timeout < 0 || c.Interval < 0 || c.Attempts < 0 || c.Passes < 0 || c.Latency < 0 || c.DaysLeft < 0:
		return c, fmt.Errorf("a check's numbers are not negative")
	case c.Passes > c.Attempts:
		return c, fmt.Errorf("passes: %d in a row cannot come of %d attempts", c.Passes, c.Attempts)
	case c.Latency > c.Timeout:
		return c, fmt.Errorf("latency: an answer that takes %s does not come within the timeout of %s", c.Latency, c.Timeout)
	case c.From == Container && c.Service == "":
		return c, fmt.Errorf("from: container needs service, the service whose containers are meant")
	case c.From != Container && c.Service != "":
		return c, fmt.Errorf("service is for from: container")
	case c.Kind == Exec && c.From == Nginx:
		return c, fmt.Errorf("no command is executed from: nginx: it runs from: client or from: container")
	}
	return c, c.aim()
}

// aim checks the target.
func (c Check) aim() error {
	switch c.Kind {
	case HTTP:
		u, err := url.Parse(c.Target)
		if err != nil {
			return err
		}
		if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
			return fmt.Errorf("%q is no http:// or https:// URL", c.Target)
		}
	case TCP, TLS:
		host, port, err := net.SplitHostPort(c.Target)
		if err != nil || host == "" || port == "" {
			return fmt.Errorf("%q is no host:port", c.Target)
		}
	case DNS:
		if c.Target == "" || strings.ContainsAny(c.Target, "/: ") {
			return fmt.Errorf("%q is no name to resolve", c.Target)
		}
	case Exec:
		if len(c.Argv) == 0 || c.Argv[0] == "" {
			return fmt.Errorf("exec: there is no command")
		}
	default:
		return fmt.Errorf("a check asks by one of http, tcp, tls, dns, exec")
	}
	return nil
}

// Host is the host that is asked, and the port if there is one.
func (c Check) Host() (host, port string) {
	switch c.Kind {
	case HTTP:
		if u, err := url.Parse(c.Target); err == nil {
			return u.Hostname(), cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
		}
	case TCP, TLS:
		host, port, _ = net.SplitHostPort(c.Target)
	case DNS:
		host = c.Target
	}
	return host, port
}

// Loopback says whether it asks the very machine, or namespace, in which it is asked.
func (c Check) Loopback() bool {
	host, _ := c.Host()
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// String names the check in reports: what is asked, without a password.
func (c Check) String() string {
	switch c.Kind {
	case HTTP:
		text := c.Target
		if u, err := url.Parse(c.Target); err == nil {
			text = u.Redacted()
		}
		return cmp.Or(c.Method, "GET") + " " + text
	case Exec:
		return "exec " + strings.Join(c.Argv, " ")
	}
	return string(c.Kind) + " " + c.Target
}
