package mode

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"bluegate/deploy/model"
)

// ManagedFile is the one file of ours in mode managed. It is rendered whole and never edited; its sum says whether
// someone else did.
type ManagedFile struct {
	Colour    model.Colour
	SwitchID  string
	Upstreams map[string]string // name: server and its parameters
	Listen    string            // of the server that answers with the token and the routes; empty: there is none
	testers   Testers           // the zero value: nobody gets a release before users do
	sides     *sides            // nil: all requests go to Colour
}

const (
	tokenPath = "/bluegate/token"
	routePath = "/bluegate/route/"
	// routeHeader carries the address to which nginx passed a request of a route.
	RouteHeader = "X-Bluegate-Upstream"
)

// upstreamName is what can stand in a configuration and in a location without quotes.
var upstreamName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

// serverWords is the address of a server with its parameters, as `server` takes them.
var serverWords = regexp.MustCompile(`^[A-Za-z0-9_.\-\[\]:]+( +[a-z_]+(=[A-Za-z0-9_.\-]+)?)*$`)

// NewSwitchID is sortable by time, so that two tokens say which came later.
func NewSwitchID() string {
	var salt [4]byte
	_, _ = rand.Read(salt[:])
	return time.Now().UTC().Format("20060102T150405") + "-" + hex.EncodeToString(salt[:])
}

const managedMark = "# Written by bluegate. Do not edit: what is changed here by hand is found by the sum, and no switch is made over it.\n"

// Render writes the file. max_fails=0, because one error would otherwise take the only server out for 10 s.
func (m ManagedFile) Render() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# switch %s\n# colour %s\n%s\n", m.SwitchID, m.Colour, m.sides.head())
	m.renderSide(&b)
	all := m.servers()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		server := strings.Join(strings.Fields(all[name]), " ")
		if !strings.Contains(server, "max_fails=") {
			server += " max_fails=0"
		}
		fmt.Fprintf(&b, "upstream %s {\n    server %s;\n    keepalive 32;\n}\n", name, server)
		if m.testers.Any() && m.sides == nil {
			m.renderNone(&b, name)
		}
	}
	if m.Listen != "" {
		fmt.Fprintf(&b, "\nserver {\n    listen %s;\n    access_log off;\n    default_type text/plain;\n", m.Listen)
		fmt.Fprintf(&b, "    location = %s { return 200 \"%s\\n\"; }\n", tokenPath, m.token())
		for _, name := range slices.Sorted(maps.Keys(all)) {
			fmt.Fprintf(&b, "    location = %s%s {\n        proxy_pass http://%s/;\n        proxy_http_version 1.1;\n        proxy_set_header Connection \"\";\n"+
				"        proxy_connect_timeout 2s;\n        proxy_next_upstream off;\n        add_header %s $upstream_addr always;\n    }\n", routePath, name, name, RouteHeader)
		}
		if m.testers.Any() {
			fmt.Fprintf(&b, "    location / { return 503 \"%s\\n\"; }\n", noPreview)
		}
		b.WriteString("}\n")
	}
	body := b.String()
	return []byte(managedMark + "# sum " + sumOf(body) + "\n" + body)
}

// servers are the servers of all upstreams: in a canary those of both sides.
func (m ManagedFile) servers() map[string]string {
	if m.sides == nil {
		return m.Upstreams
	}
	all := maps.Clone(m.Upstreams)
	for name, server := range m.sides.new {
		all[name+sideSuffix] = server
	}
	return all
}

// token is what a new worker of the switch answers, and no other.
func (m ManagedFile) token() string { return m.SwitchID + " " + string(m.Colour) }

func sumOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// managedHead is what the first lines of the file say.
var managedHead = regexp.MustCompile(`^# sum ([0-9a-f]{64})\n((?s:# switch ([0-9A-Za-z-]+)\n# colour (blue|green)\n.*))$`)

// readManaged says which colour a file of ours makes live. A file that is not ours, or is not as we wrote it, is a
// *RefusedError; of the latter the colour is said as far as it can be read.
func readManaged(path string, content []byte) (model.Colour, string, error) {
	rest, ours := strings.CutPrefix(string(content), managedMark)
	if !ours {
		return model.None, "", model.Refuse(model.SwitchPointAmbiguous, "%s is not bluegate's: its first line is not the one that bluegate writes; move it away, or name another file in nginx.to", path)
	}
	m := managedHead.FindStringSubmatch(strings.TrimRight(rest, " \t\r\n") + "\n")
	switch {
	case m == nil:
		return model.None, "", edited(path)
	case sumOf(m[2]) != m[1]:
		return model.Colour(m[4]), "", edited(path)
	}
	return model.Colour(m[4]), m[3], nil
}

func edited(path string) error {
	return model.Refuse(model.ConfigNotLoaded, "%s was edited by hand: its sum is not that of its text", path)
}

// listenAddress is what a listen directive takes as its address.
var listenAddress = regexp.MustCompile(`^[A-Za-z0-9_.\-\[\]:]*$`)

// managedOf are the two files that a setting leads to. What is said in bluegate.yml is checked before it is written.
func managedOf(upstreams map[model.Colour]map[string]string, listen string) (map[model.Colour]ManagedFile, error) {
	if !listenAddress.MatchString(listen) {
		return nil, model.Invalid("nginx.listen: %q is no address such as 127.0.0.1:8099", listen)
	}
	out := map[model.Colour]ManagedFile{}
	for _, colour := range model.Colours {
		if len(upstreams[colour]) == 0 {
			return nil, model.Invalid("nginx.upstreams: mode managed needs them, as in upstreams: {was: \"was-{colour}:3000\"}")
		}
		for name, server := range upstreams[colour] {
			switch {
			case !upstreamName.MatchString(name):
				return nil, model.Invalid("nginx.upstreams: %q is no name for an upstream: letters, digits, _ . and -", name)
			case !serverWords.MatchString(server):
				return nil, model.Invalid("nginx.upstreams.%s: %q is no address with parameters, such as \"was-{colour}:3000 weight=2\"", name, server)
			case server == upstreams[colour.Other()][name]:
				return nil, model.Invalid("nginx.upstreams.%s: %q is the same for both colours; let it hold {colour} or a key of colours.<colour>", name, server)
			}
		}
		out[colour] = ManagedFile{Colour: colour, Upstreams: upstreams[colour], Listen: listen}
	}
	return out, nil
}

// proofs are the requests that the file's own server answers: the token of this switch, and where each upstream leads.
func (m ManagedFile) proofs() []model.Proof {
	base := m.base()
	proofs := []model.Proof{{URL: base + tokenPath, Token: m.token() + "\n"}}
	for _, name := range slices.Sorted(maps.Keys(m.Upstreams)) {
		proofs = append(proofs, model.Proof{URL: base + routePath + name, Answer: RouteHeader})
	}
	return proofs
}

// base is where the file's own server is asked.
func (m ManagedFile) base() string {
	if !strings.Contains(m.Listen, ":") { // a port, or an address with the default one
		if _, err := strconv.Atoi(m.Listen); err == nil {
			return "http://127.0.0.1:" + m.Listen
		}
	}
	return "http://" + m.Listen
}
