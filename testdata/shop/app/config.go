package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// never is the delay of a fault that was not asked for; 0s is a fault that comes at once.
const never time.Duration = -1

// config is what the environment says. A variable that is set but empty counts as unset, because that is what
// `${NAME:-}` in a Compose file gives.
type config struct {
	service string // SERVICE
	colour  string // COLOUR
	version string // VERSION
	id      string // the host name: in a container, the start of its id
	listen  string // LISTEN: 127.0.0.1 is the fault that the container's own probe does not see
	port    string // PORT
	faults
	given string // the faults as they were given, for the log
}

// faults are the ways to go wrong. The zero value has the app crash at once: readConfig sets the delays.
type faults struct {
	healthyAfter  time.Duration // HEALTHY_AFTER: /health is 503 until then
	neverHealthy  bool          // NEVER_HEALTHY=1: /health stays 503
	flap          time.Duration // FLAP: once healthy, /health is good and bad in turn, for so long each
	hang          bool          // HANG=1: /health never answers
	slow          time.Duration // SLOW: every answer comes that much later
	crashAfter    time.Duration // CRASH_AFTER: then exit
	exitCode      int           // EXIT_CODE: of that exit; 3 unless said otherwise
	oomAfter      time.Duration // OOM_AFTER: then use up memory until the kernel kills the process
	ignoreSIGTERM bool          // IGNORE_SIGTERM=1: only a SIGKILL stops it
	errors        int           // ERRORS=20: every 20th request of / is answered with 500
	tell          bool          // TELL=1: log and /health tell the whole environment and the command line
}

// readConfig refuses what it cannot read: a misspelt fault must not pass for a good release.
func readConfig(getenv func(string) string) (config, error) {
	r := reader{getenv: getenv}
	hostname, err := os.Hostname()
	r.errs = append(r.errs, err)
	cfg := config{
		service: cmp.Or(getenv("SERVICE"), "was"),
		colour:  cmp.Or(getenv("COLOUR"), "blue"),
		version: cmp.Or(getenv("VERSION"), "v1"),
		id:      hostname,
		listen:  cmp.Or(getenv("LISTEN"), "0.0.0.0"),
		port:    cmp.Or(getenv("PORT"), "3000"),
		faults: faults{
			healthyAfter:  r.duration("HEALTHY_AFTER", 0),
			neverHealthy:  r.flag("NEVER_HEALTHY"),
			flap:          r.duration("FLAP", 0),
			hang:          r.flag("HANG"),
			slow:          r.duration("SLOW", 0),
			crashAfter:    r.duration("CRASH_AFTER", never),
			exitCode:      r.number("EXIT_CODE", 3),
			oomAfter:      r.duration("OOM_AFTER", never),
			ignoreSIGTERM: r.flag("IGNORE_SIGTERM"),
			errors:        r.number("ERRORS", 0),
			tell:          r.flag("TELL"),
		},
	}
	cfg.given = strings.Join(r.given, " ")
	return cfg, errors.Join(r.errs...)
}

// String is the line that the log begins with: after a refused release it may be all that the log holds.
func (c config) String() string {
	s := fmt.Sprintf("%s %s %s on %s:%s", c.service, c.colour, c.version, c.listen, c.port)
	if c.given != "" {
		s += " with " + c.given
	}
	return s
}

// reader reads fault variables and remembers which were given and which were wrong.
type reader struct {
	getenv func(string) string
	given  []string
	errs   []error
}

func (r *reader) text(name string) string {
	value := r.getenv(name)
	if value != "" {
		r.given = append(r.given, name+"="+value)
	}
	return value
}

func (r *reader) wrong(name, value, want string) {
	r.errs = append(r.errs, fmt.Errorf("%s=%s: want %s", name, value, want))
}

func (r *reader) duration(name string, unset time.Duration) time.Duration {
	value := r.text(name)
	if value == "" {
		return unset
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 {
		r.wrong(name, value, "a duration such as 1.5s")
	}
	return d
}

func (r *reader) flag(name string) bool {
	value := r.text(name)
	on, err := strconv.ParseBool(cmp.Or(value, "0"))
	if err != nil {
		r.wrong(name, value, "1 or 0")
	}
	return on
}

func (r *reader) number(name string, unset int) int {
	value := r.text(name)
	if value == "" {
		return unset
	}
	n, err := strconv.ParseUint(value, 10, 8)
	if err != nil {
		r.wrong(name, value, "an exit code")
	}
	return int(n)
}
