package adopt

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Checkup is what a checkup.json of sourcegraph/checkup says, as sections of bluegate.yml.
type Checkup struct {
	YAML         string        // the sections watch and notify; empty: there are none
	Observations []Observation // what was taken over, and what has no counterpart
}

// CheckupFile is the name of checkup's configuration.
const CheckupFile = "checkup.json"

// ReadCheckup reads a checkup.json. It takes over no secret: an address of notifications is named by a variable. An error
// says that the text is not one.
func ReadCheckup(text []byte) (Checkup, error) {
	var all struct {
		Checkers  []json.RawMessage `json:"checkers"`
		Storage   json.RawMessage   `json:"storage"`
		Notifier  json.RawMessage   `json:"notifier"`
		Notifiers []json.RawMessage `json:"notifiers"`
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return Checkup{}, fmt.Errorf("read %s: %w", CheckupFile, err)
	}
	c := &checkup{}
	for i, raw := range all.Checkers {
		if err := c.checker(i, raw); err != nil {
			return Checkup{}, err
		}
	}
	if err := c.storage(all.Storage); err != nil {
		return Checkup{}, err
	}
	if all.Notifier != nil {
		all.Notifiers = append([]json.RawMessage{all.Notifier}, all.Notifiers...)
	}
	for _, raw := range all.Notifiers {
		if err := c.notifier(raw); err != nil {
			return Checkup{}, err
		}
	}
	return Checkup{c.yaml(), c.found}, nil
}

type checkup struct {
	checks, targets, names []string
	found                  []Observation
}

func (c *checkup) say(format string, args ...any) {
	c.found = append(c.found, Observation{CheckupFile, fmt.Sprintf(format, args...)})
}

// checker are the keys of every kind of checker.
type checker struct {
	Type          string              `json:"-"`
	Name          string              `json:"endpoint_name"`
	URL           string              `json:"endpoint_url"`
	ExecName      string              `json:"name"`
	Command       string              `json:"command"`
	Arguments     []string            `json:"arguments"`
	UpStatus      int                 `json:"up_status"`
	Threshold     time.Duration       `json:"threshold_rtt"`
	Contains      string              `json:"must_contain"`
	ContainsNot   string              `json:"must_not_contain"`
	Attempts      int                 `json:"attempts"`
	Spacing       time.Duration       `json:"attempt_spacing"`
	Headers       map[string][]string `json:"headers"`
	TLS           bool                `json:"tls"`
	SkipVerify    bool                `json:"tls_skip_verify"`
	CAFile        string              `json:"tls_ca_file"`
	Timeout       time.Duration       `json:"timeout"`
	ExpiryWarning time.Duration       `json:"cert_expiry_threshold"`
	TrustedRoots  []string            `json:"trusted_roots"`
	Host          string              `json:"hostname_fqdn"`
	Raise         string              `json:"raise"`
}

// checker takes over one checker.
func (c *checkup) checker(i int, raw json.RawMessage) error {
	var one checker
	if err := json.Unmarshal(raw, &one); err != nil {
		return fmt.Errorf("read %s: checkers[%d]: %w", CheckupFile, i, err)
	}
	one.Type = typeOf(raw)
	name := c.name(one.Name + one.ExecName)
	var pairs []string
	add := func(key string, value any) {
		switch v := value.(type) {
		case string:
			if v != "" {
				pairs = append(pairs, key+": "+quoted(v))
			}
		case time.Duration:
			if v > 0 {
				pairs = append(pairs, key+": "+v.String())
			}
		case int:
			if v > 0 {
				pairs = append(pairs, key+": "+strconv.Itoa(v))
			}
		case bool:
			if v {
				pairs = append(pairs, key+": true")
			}
		}
	}
	add("name", name)
	switch one.Type {
	case "http":
		add("http", one.URL)
		c.http(name, one, add, &pairs)
	case "tcp":
		add(map[bool]string{false: "tcp", true: "tls"}[one.TLS], one.URL)
		add("ca", one.CAFile)
		add("insecure", one.SkipVerify && one.TLS)
	case "tls":
		add("tls", one.URL)
		add("days_left", int(one.ExpiryWarning/(24*time.Hour)))
		c.roots(name, one.TrustedRoots, add)
	case "dns":
		host := one.Host
		if host == "" {
			host = one.URL
		} else {
			c.say("%s: the name is resolved as this machine resolves names, not by the server %s", name, one.URL)
		}
		add("dns", strings.TrimSuffix(host, "."))
	case "exec":
		c.exec(name, one, &pairs)
	default:
		c.say("no counterpart: checker %d has type %q", i, one.Type)
		return nil
	}
	c.names = append(c.names, name)
	add("latency", one.Threshold)
	timeout := one.Timeout
	if one.Type == "http" {
		timeout = max(timeout, 10*time.Second) // checkup's own
	}
	if timeout > 0 && timeout < one.Threshold {
		timeout = one.Threshold
	}
	add("timeout", timeout)
	if one.Attempts > 1 {
		add("samples", min(one.Attempts, 10))
	}
	if one.Spacing > 0 {
		c.say("no counterpart: %s: attempt_spacing; the samples of a check follow each other", name)
	}
	c.checks = append(c.checks, "{"+strings.Join(pairs, ", ")+"}")
	return nil
}

// http takes over what only http has. checkup follows no redirect, and takes 200 to 204 for good.
func (c *checkup) http(name string, one checker, add func(string, any), pairs *[]string) {
	status := "200-204"
	if one.UpStatus > 0 {
		status = strconv.Itoa(one.UpStatus)
	}
	add("status", status)
	add("contains", one.Contains)
	add("contains_not", one.ContainsNot)
	var headers []string
	for key, values := range one.Headers {
		value := strings.Join(values, ", ")
		if secretHeader.MatchString(key) {
			variable := variableName(name + " " + key)
			c.say("%s: set %s to the header %s of %s, which is not copied because it may be a secret", name, variable, key, CheckupFile)
			value = "${" + variable + "}"
		}
		headers = append(headers, quoted(key)+": "+quoted(value))
	}
	if slices.Sort(headers); len(headers) > 0 {
		*pairs = append(*pairs, "headers: {"+strings.Join(headers, ", ")+"}")
	}
}

// secretHeader are headers that prove who asks.
var secretHeader = regexp.MustCompile(`(?i)auth|token|key|cookie|secret`)

func (c *checkup) roots(name string, roots []string, add func(string, any)) {
	if len(roots) > 0 {
		add("ca", roots[0])
	}
	if len(roots) > 1 {
		c.say("no counterpart: %s: more than one file of trusted_roots; put their certificates into %s", name, roots[0])
	}
}

func (c *checkup) exec(name string, one checker, pairs *[]string) {
	var words []string
	for _, word := range append([]string{one.Command}, one.Arguments...) {
		words = append(words, quoted(word))
	}
	*pairs = append(*pairs, "exec: ["+strings.Join(words, ", ")+"]")
	if one.Contains+one.ContainsNot != "" {
		c.say("no counterpart: %s: must_contain and must_not_contain of a command; let the command end with another exit code than 0", name)
	}
	if strings.HasPrefix(one.Raise, "warn") {
		c.say("no counterpart: %s: raise: %s; a command that fails is down", name, one.Raise)
	}
}

// badInName is what a name of a check does not have.
var badInName = regexp.MustCompile(`[^A-Za-z0-9 ._-]+`)

// name is a valid name that no other check has.
func (c *checkup) name(given string) string {
	base := strings.TrimLeft(badInName.ReplaceAllString(given, "-"), " ._-")
	if base == "" || base == "live" {
		base = "check"
	}
	base = base[:min(len(base), 56)]
	name := base
	for n := 2; slices.Contains(c.names, name); n++ {
		name = fmt.Sprintf("%s %d", base, n)
	}
	return name
}

// storage says what becomes of the results.
func (c *checkup) storage(raw json.RawMessage) error {
	if raw == nil {
		return nil
	}
	switch kind := typeOf(raw); kind {
	case "fs", "sql", "sqlite3", "mysql", "postgres":
		c.say("storage %s: bluegate keeps a history of its own (watch.history); the results in the old storage are not taken over", kind)
	default:
		c.say("no counterpart: storage %s; `bluegate page --output DIR` writes the status page as files for any web server or bucket", kind)
	}
	return nil
}

// notifier names the address of a notifier by a variable.
func (c *checkup) notifier(raw json.RawMessage) error {
	kind := typeOf(raw)
	variable := strings.ToUpper(kind) + "_URL"
	for n := 2; slices.Contains(c.targets, variable); n++ {
		variable = fmt.Sprintf("%s_URL_%d", strings.ToUpper(kind), n)
	}
	switch kind {
	case "slack":
		c.say("notifier slack: set %s to its webhook; channel and username are those of the webhook", variable)
	case "discord":
		c.say("notifier discord: set %s to its webhook", variable)
	case "mail":
		c.say("notifier mail: set %s to smtp://USERNAME:PASSWORD@SERVER:PORT/?from=FROM&to=TO, with the values of %s", variable, CheckupFile)
	case "pushover":
		c.say("notifier pushover: set %s to pushover://shoutrrr:TOKEN@RECIPIENT/, with the values of %s", variable, CheckupFile)
	case "mailgun":
		c.say("notifier mailgun: set %s to smtp://postmaster@DOMAIN:PASSWORD@smtp.mailgun.org:587/?from=FROM&to=TO, with Mailgun's password for SMTP", variable)
	default:
		c.say("no counterpart: notifier %q", kind)
		return nil
	}
	c.targets = append(c.targets, variable)
	return nil
}

// typeOf is the kind of an object: newer files say type, older ones provider or name.
func typeOf(raw json.RawMessage) string {
	var kind struct{ Type, Provider, Name string }
	if json.Unmarshal(raw, &kind) != nil {
		return ""
	}
	if kind.Type != "" {
		return kind.Type
	}
	return kind.Provider + kind.Name
}

// variableName makes the name of an environment variable.
func variableName(text string) string {
	return strings.ToUpper(strings.Trim(regexp.MustCompile(`[^A-Za-z0-9]+`).ReplaceAllString(text, "_"), "_"))
}

func (c *checkup) yaml() string {
	var b strings.Builder
	list := func(head string, lines []string) {
		if len(lines) > 0 {
			_, _ = io.WriteString(&b, head+strings.Join(lines, "")) // a strings.Builder does not fail
		}
	}
	var checks, targets []string
	for _, one := range c.checks {
		checks = append(checks, "    - "+one+"\n")
	}
	for _, one := range c.targets {
		targets = append(targets, "  - {url: \"${"+one+"}\"}\n")
	}
	list("watch:\n  checks:\n", checks)
	list("notify:\n", targets)
	return b.String()
}
