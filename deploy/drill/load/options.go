package load

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Options say who the users are.
type Options struct {
	Calls        map[Kind][]Call // of each kind of user; a kind without calls has no users
	Workers      int             // users of each kind; 4 by default
	Rate         int             // short requests per second of all users together, at most on average; 300 by default
	Timeout      time.Duration   // how long any request may take beyond its own time; 10s by default
	KeepFailures int             // how many failed requests Record.Failures holds; 20 by default
	Header       http.Header     // of every request; Host is the request's host
	Insecure     bool            // an https server's certificate is not checked
	// Local refuses a host that is not this machine: the load of a test must not be pointed at someone else's by a slip.
	Local bool
	// ColourHeader and VersionHeader name the headers of an answer that say who gave it; empty: nothing does. Without the
	// colour an answer counts as lost then: it is from something else.
	ColourHeader, VersionHeader string
}

// Limits of a load.
const (
	MaxWorkers = 50
	MaxRate    = 2000
)

func (o Options) withDefaults() (Options, error) {
	o.Workers = cmp.Or(o.Workers, 4)
	o.Rate = cmp.Or(o.Rate, 300)
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	o.KeepFailures = cmp.Or(o.KeepFailures, 20)
	return o, o.check()
}

func (o Options) check() error {
	if len(o.kinds()) == 0 {
		return fmt.Errorf("load: nothing to send")
	}
	for kind, calls := range o.Calls {
		if !slices.Contains(AllKinds(), kind) {
			return fmt.Errorf("load: unknown kind %q", kind)
		}
		for _, call := range calls {
			if !strings.HasPrefix(call.Path, "/") {
				return fmt.Errorf("load: path %q must begin with a slash", call.Path)
			}
			if min(call.Takes, call.Hold) < 0 || call.Size < 0 {
				return fmt.Errorf("load: negative option in %+v", call)
			}
		}
	}
	if o.Workers < 1 || o.Workers > MaxWorkers {
		return fmt.Errorf("load: %d workers, want 1 to %d", o.Workers, MaxWorkers)
	}
	if o.Rate < 1 || o.Rate > MaxRate {
		return fmt.Errorf("load: %d requests per second, want 1 to %d", o.Rate, MaxRate)
	}
	if o.Timeout < 0 || o.KeepFailures < 0 {
		return fmt.Errorf("load: negative option in %+v", o)
	}
	return nil
}

// kinds are those that have calls, in the order in which they are reported.
func (o Options) kinds() (kinds []Kind) {
	for _, kind := range AllKinds() {
		if len(o.Calls[kind]) > 0 {
			kinds = append(kinds, kind)
		}
	}
	for kind := range o.Calls {
		if !slices.Contains(AllKinds(), kind) {
			kinds = append(kinds, kind) // check refuses it
		}
	}
	return kinds
}

// gap is a random pause between a user's requests. On average it is as long as makes all users with short requests
// together send Rate of them per second if answers took no time; as they do take time, the rate is below that.
func (o Options) gap() time.Duration {
	users := 0
	for _, kind := range o.kinds() {
		if !slices.ContainsFunc(o.Calls[kind], func(c Call) bool { return c.lasts() > 0 }) {
			users += o.Workers
		}
	}
	average := time.Duration(max(users, o.Workers)) * time.Second / time.Duration(o.Rate)
	return rand.N(2*average + 1)
}

// parse reads the address that requests are sent to.
func (o Options) parse(baseURL string) (*url.URL, error) {
	base, err := url.Parse(baseURL)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	if base.Scheme != "http" && (base.Scheme != "https" || o.Local) || base.Host == "" {
		return nil, fmt.Errorf("load: %q is not an http:// URL", baseURL)
	}
	if host := base.Hostname(); o.Local && host != "localhost" && !net.ParseIP(host).IsLoopback() {
		return nil, fmt.Errorf("load: %q is not this machine", baseURL)
	}
	return base, nil
}
