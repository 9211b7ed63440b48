package load

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Options says who the users are. The zero value is a load that two cores carry next to the shop, nginx and a
// deployment.
type Options struct {
	Kinds        []Kind        // which kinds of user; all of them by default
	Paths        []string      // where each upstream of the shop begins; "/" and "/signal/" by default
	Workers      int           // users of each kind; 4 by default
	Rate         int           // short requests per second of all users together, at most on average; 300 by default
	Long         time.Duration // how long a long request takes; 1s by default
	Upload       time.Duration // how long an upload's body takes to send; 300ms by default
	Stream       time.Duration // how long a stream continues; 2s by default
	Timeout      time.Duration // how long any request may take beyond that; 10s by default
	KeepFailures int           // how many failed requests Record.Failures holds; 20 by default
}

const (
	maxWorkers = 50
	maxRate    = 2000
)

func (o Options) withDefaults() (Options, error) {
	if len(o.Kinds) == 0 {
		o.Kinds = AllKinds()
	}
	if len(o.Paths) == 0 {
		o.Paths = []string{"/", "/signal/"}
	}
	o.Workers = cmp.Or(o.Workers, 4)
	o.Rate = cmp.Or(o.Rate, 300)
	o.Long = cmp.Or(o.Long, time.Second)
	o.Upload = cmp.Or(o.Upload, 300*time.Millisecond)
	o.Stream = cmp.Or(o.Stream, 2*time.Second)
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	o.KeepFailures = cmp.Or(o.KeepFailures, 20)
	return o, o.check()
}

func (o Options) check() error {
	for _, kind := range o.Kinds {
		if !slices.Contains(AllKinds(), kind) {
			return fmt.Errorf("load: unknown kind %q", kind)
		}
	}
	for _, path := range o.Paths {
		if !strings.HasPrefix(path, "/") || !strings.HasSuffix(path, "/") {
			return fmt.Errorf("load: path %q must begin and end with a slash", path)
		}
	}
	if o.Workers < 1 || o.Workers > maxWorkers {
		return fmt.Errorf("load: %d workers, want 1 to %d", o.Workers, maxWorkers)
	}
	if o.Rate < 1 || o.Rate > maxRate {
		return fmt.Errorf("load: %d requests per second, want 1 to %d", o.Rate, maxRate)
	}
	if min(o.Long, o.Upload, o.Stream, o.Timeout) < 0 || o.KeepFailures < 0 {
		return fmt.Errorf("load: negative option in %+v", o)
	}
	return nil
}

// gap is a random pause between a user's requests. On average it is as long as makes all users with short requests
// together send Rate of them per second if answers took no time; as they do take time, the rate is below that.
func (o Options) gap() time.Duration {
	users := 0
	for _, kind := range o.Kinds {
		if kind.call(o).takes == 0 {
			users += o.Workers
		}
	}
	average := time.Duration(max(users, o.Workers)) * time.Second / time.Duration(o.Rate)
	return rand.N(2*average + 1)
}

func parseLoopback(baseURL string) (*url.URL, error) {
	base, err := url.Parse(baseURL)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	if base.Scheme != "http" {
		return nil, fmt.Errorf("load: %q is not an http:// URL", baseURL)
	}
	if host := base.Hostname(); host != "localhost" && !net.ParseIP(host).IsLoopback() {
		return nil, fmt.Errorf("load: %q is not this machine", baseURL)
	}
	return base, nil
}
