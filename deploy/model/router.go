package model

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bluegate/deploy/redact"
)

// Router finds nginx.
type Router interface {
	// Observe finds nginx and says where it sends traffic. It changes nothing, and executes nothing outside nginx's own
	// container. The Nginx is never nil without an error: one that was not found says so when it is asked.
	Observe(ctx context.Context, dir *Addresses) (Nginx, Route, error)

	// Exists says whether an nginx is still there, by what a Route of an earlier run called it.
	Exists(ctx context.Context, nginx string) (bool, error)

	// Close removes what Observe and the methods of Nginx started next to nginx.
	Close(ctx context.Context) error
}

// Nginx is the nginx that an Observe found. Its methods need no order. They follow an nginx that was restarted since.
type Nginx interface {
	// Plan works out the change that makes a colour live. A *RefusedError says what in the configuration forbids it.
	Plan(dir *Addresses, to Colour) (Change, error)

	// Examine looks for what is known to cost requests or switches. It changes nothing.
	Examine(ctx context.Context, e Examination) ([]Finding, error)

	// Rehearse tests the coming configuration next to the live one, and whether nginx has loaded what its files hold. It
	// may be called before the release's containers run: the names of the configuration are looked up once started is
	// closed. A *RefusedError carries nginx's own words. A finding says that it could not be tested.
	Rehearse(ctx context.Context, change Change, started <-chan struct{}) ([]Finding, error)

	// Reach asks from where nginx stands whether each target's name leads to the release's containers and whether
	// they accept a connection.
	Reach(ctx context.Context, targets []Target) error

	// Switch writes the change, signals nginx and proves that it serves it. An nginx that did not run is started. Before
	// the first write it asks what Reach asks, and then calls begin with the change as it is written: with the workers that
	// accept requests, and with the end of the time for which requests are logged. An error of begin is returned, and nothing
	// was done. ErrChanged says that the files are not those for which the change was
	// planned; then nothing was done either. On *NotSwitchedError the old configuration is back. Switch does nothing more
	// once ctx has ended, but to undo what it did; where ctx ended because a lock was lost (ErrLeaseLost) it does not undo
	// either: what is there may be another run's by then.
	Switch(ctx context.Context, change Change, targets []Target, begin func(Change) error) (Switched, error)

	// Drain waits until no worker of an earlier configuration is left, until ctx ends. It tells what is left, and which
	// connections to the old containers are open where that can be known.
	Drain(ctx context.Context, old []Container, left func(DrainStatus)) error

	// Compare says what became of a change that was begun. It returns *UnreachableError where nginx does not run any more.
	Compare(ctx context.Context, change Change) (ChangeState, error)

	// Restore puts the old bytes of a change back where the bytes there are the change's own, and proves the old
	// configuration if any worker had taken the new one.
	Restore(ctx context.Context, change Change) error
}

// ErrChanged says that the files of a change are not those for which it was planned.
var ErrChanged = errors.New("the files changed since the switch was planned")

// Examination is what Examine looks for.
type Examination struct {
	Drain time.Duration // how long a drain may take
	// Restart starts copies of nginx by what starts it, to which nothing leads and which are removed again, and only says
	// whether its files are as they were: a finding of the code RestartUndoes is a file that is not.
	Restart bool
}

// RestartUndoes is the code of a finding: a restart of nginx would undo a switch.
const RestartUndoes = "restart-undoes"

// RouterState says whether nginx is there.
type RouterState string

// The states of a router.
const (
	RouterAbsent  RouterState = "absent"
	RouterStopped RouterState = "stopped"
	RouterRunning RouterState = "running"
)

// Route is where nginx sends traffic.
type Route struct {
	Nginx  string // how messages call it: container "edge"
	ID     string // by which another run finds it again
	State  RouterState
	Start  string // what a person runs to start it, where it is stopped
	Names  Colour // the colour that the configuration names
	Points []SwitchPoint
	// Mentions are the other places at which nginx's files name an address of a colour, used or not. A switch leaves them
	// as they are.
	Mentions []Mention
	// Paired are the addresses of the mentions that exist in the same form for both colours, as far as nginx looks their
	// hosts up when it loads its configuration: it cannot start while one of these hosts does not resolve. Each stands
	// here once, with its host as nginx's files write it.
	Paired []Endpoint
	// Write says for each colour what to write where, so that the configuration names it. It is set where the
	// configuration names neither.
	Write    map[Colour]string
	Draining int // workers of an earlier configuration that still serve
	// Since is when the oldest process that accepts requests began, at the latest: it knows the addresses that names led to
	// then. Zero: not known, or nginx looks names up all the time.
	Since time.Time
	// Workers are the processes that accepted requests; a process that is started later never has the same id.
	Workers  []string
	Findings []Finding
	// Canary is the share of the clients that the other colour has; nil: none.
	Canary *CanaryShare
	// Testers is the colour that testers get, and users do not; None: there is no such.
	Testers Colour
	// Requests is nil where nobody asked for it.
	Requests *RequestLog
	// Missing is set where the user named a container that is not there.
	Missing *MissingNginx
	// Away is the machine on which the nginx is that was found last, where it cannot be asked from this one. What it serves
	// is not known then, whatever else was found.
	Away string
	// Elsewhere are nginxes whose configuration names an address of a colour, and that are on none of the colours'
	// networks. It is set where no nginx was found.
	Elsewhere []string
	// Entrances are where users' requests come in that nginx may pass to a colour, as far as they are known.
	Entrances []Entrance
	// Refusal is why this configuration cannot be switched, if it cannot: it does not pass its own test, was not
	// loaded, or names both colours. Then it is not known what nginx serves.
	Refusal error
	// LeftOver is the refusal of a switch to the other colour, if there are places that would still name the one that the
	// configuration names. What nginx serves is known.
	LeftOver error
}

// Entrance is an address of the engine's machine at which nginx answers.
type Entrance struct {
	URL  string // without a path
	Host string // that the request has to name; empty: any
}

// MaySwitch says why the configuration must not be switched to a colour.
func (r Route) MaySwitch(to Colour) error {
	if r.Refusal != nil || to == r.Names {
		return r.Refusal
	}
	return r.LeftOver
}

// Mention is a place, other than a switch point, at which nginx's files name an address of a colour.
type Mention struct {
	Colour    Colour
	Place     string // file:line
	Directive string
	Text      string // as written
	Variable  string // that is given the address, without its "$"; empty where none is
	// Paired says that the same form exists for both colours, such as `location /health/blue` and `location /health/green`.
	Paired bool
	// Passing says that it is ours, and that it is there for a while only: in a canary, and for the testers of a preview.
	Passing bool
	Remedy  string // the edit that makes it a switch point, or takes it away
	// Undeclared are the ports that make a switch point of it once the Compose files declare them: that of the service that it
	// leads to, and that of the other colour's.
	Undeclared []ServicePort
}

// ServicePort is a port of a service.
type ServicePort struct {
	Service string
	Port    int
}

// Declare is what the Compose files lack so that mentions become switch points, ready to paste; empty where it is nothing.
func Declare(mentions []Mention) string {
	ports, names := map[string][]string{}, []string{}
	for _, m := range mentions {
		for _, u := range m.Undeclared {
			text := strconv.Quote(strconv.Itoa(u.Port))
			if ports[u.Service] == nil {
				names = append(names, u.Service)
			}
			if !slices.Contains(ports[u.Service], text) {
				ports[u.Service] = append(ports[u.Service], text)
			}
		}
	}
	if len(names) == 0 {
		return ""
	}
	text := "\n\n# add it to these services in your Compose files; next to one compose.yml, this can be compose.override.yml\nservices:"
	for _, name := range names {
		text += fmt.Sprintf("\n  %s: {expose: [%s]}", name, strings.Join(ports[name], ", "))
	}
	return text
}

// String is the place with what is written there, sanitized.
func (m Mention) String() string {
	return fmt.Sprintf("%s (%s %s)", m.Place, m.Directive, redact.Sanitize(m.Text))
}

// LeadsTo lists the places at which nginx's files name an address of a colour that is not there for both colours: requests
// may go there.
func (r Route) LeadsTo(colour Colour) (places []string) {
	for _, p := range r.Points {
		if p.Endpoint.Colour == colour {
			places = append(places, fmt.Sprintf("%s (%s %s)", p.Place, p.Directive, p.Address))
		}
	}
	for _, m := range r.Unpaired(colour) {
		places = append(places, m.String())
	}
	return places
}

// Unpaired are the mentions of a colour that do not exist in the same form for the other one. What they name must run.
func (r Route) Unpaired(colour Colour) (mentions []Mention) {
	for _, m := range r.Mentions {
		if m.Colour == colour && !m.Paired {
			mentions = append(mentions, m)
		}
	}
	return mentions
}

// LeftOver is the refusal of mentions that a switch would leave over: they would name a colour that is stopped.
func LeftOver(nginx string, colour Colour, mentions []Mention) error {
	places := make([]string, len(mentions))
	for i, m := range mentions {
		places[i] = m.String()
		if m.Remedy != "" {
			places[i] += ": " + m.Remedy
		}
	}
	return Refuse(AddressLeftOver, "the configuration of %s names %s in places that a switch does not change, and they would name a colour that is stopped: %s%s", nginx, colour, strings.Join(places, "; "), Declare(mentions))
}

// MissingNginx is a container that the user named and that is not there.
type MissingNginx struct {
	Name       string
	Place      string   // where it was named
	Candidates []string // the containers that hold an nginx
	Mentions   []string // those of them whose configuration names an address of the application
}

func (m *MissingNginx) String() string {
	text := fmt.Sprintf("no container and no Compose service is called %q", m.Name)
	if m.Place != "" {
		text += fmt.Sprintf(" (nginx.container, %s)", m.Place)
	}
	return text
}

// Remedy says what could be written instead.
func (m *MissingNginx) Remedy() string {
	switch {
	case len(m.Mentions) > 0:
		return "the configuration of " + strings.Join(m.Mentions, ", ") + " names an address of the application: write that in its place"
	case len(m.Candidates) > 0:
		return "containers that hold an nginx: " + strings.Join(m.Candidates, ", ")
	}
	return "no container on the engine holds an nginx: start it"
}

// SwitchPoint is a place in nginx's configuration that names an address of a colour.
type SwitchPoint struct {
	Place     string   `json:"place"` // file:line
	Directive string   `json:"directive"`
	Upstream  string   `json:"upstream,omitempty"`
	Address   string   `json:"address"` // as written
	Endpoint  Endpoint `json:"-"`
	Path      string   `json:"-"`
	Start     int      `json:"-"` // byte range of host:port in the file
	End       int      `json:"-"`
	// PortBehind says that the address is the value of a variable, and that its port stands where the variable is used.
	PortBehind bool `json:"-"`
}

// Change is the coming configuration: whole files, and what to see from them. It can be journaled.
type Change struct {
	To     Colour       `json:"to"`
	Nginx  string       `json:"nginx"`
	Files  []FileChange `json:"files"`
	Points int          `json:"points"` // addresses that change
	Diff   string       `json:"-"`
	Routes []Endpoint   `json:"-"` // the addresses that nginx will name, each once
	// Unloaded says that nginx sees the change at its next request: no reload, and the workers stay.
	Unloaded bool `json:"unloaded,omitempty"`
	// Workers are those that accepted requests right before the change was journaled. Once none of them does any more,
	// nginx has loaded it. Journals of older versions do not have them.
	Workers []string `json:"worker_ids,omitempty"`
	// Memory is how long after a container's start nginx may not know its address yet. It matters where nothing is loaded.
	Memory time.Duration `json:"-"`
	// Gate is the file among Files that says until when requests are logged; empty: none of them does. LogFor is for how
	// long they are to be from the switch on.
	Gate   string        `json:"gate,omitempty"`
	LogFor time.Duration `json:"-"`
	// Steps come before the change in a canary, in their order. Each one's old files are those before the first.
	// NoSteps is why there cannot be any, where a canary is configured.
	Steps   []CanaryStep `json:"-"`
	NoSteps error        `json:"-"`
	// Testers lets testers have the colour, and nobody else; it begins with the same files. Nil: there are no testers.
	// NoTesters is why it cannot be made, where testers are configured.
	Testers   *Change `json:"-"`
	NoTesters error   `json:"-"`
	Proofs    []Proof `json:"-"` // requests whose answers tell what nginx has loaded, and where it passes requests
}

// Proof is a request to nginx, asked from where it stands on a connection of its own.
type Proof struct {
	URL    string
	Host   string // of the request, where it is not the URL's
	Token  string // what the body has to be; empty: the answer says in its header to which address it was passed
	Answer string // that header
}

// Empty says that the configuration names the colour already.
func (c Change) Empty() bool { return len(c.Files) == 0 }

// FileChange is one file before and after. A content is what nginx reads at the path, through a link too; nil says that
// nothing is there.
type FileChange struct {
	Path string `json:"path"` // as nginx sees it
	Old  []byte `json:"old"`
	New  []byte `json:"new"`
	// Link is set where the path is to be a symbolic link and not a file of its own: its target afterwards. OldLink is
	// its target before, empty where it was no link.
	Link    string `json:"link,omitempty"`
	OldLink string `json:"old_link,omitempty"`
	// Private says that the new content has a secret in it: whoever is neither the file's owner nor in its group cannot read it.
	Private bool `json:"private,omitempty"`
	// OldTime is the file's time before the change; what is put back gets it back.
	OldTime time.Time `json:"old_time"`
}

// Reverse is the change that undoes this one.
func (f FileChange) Reverse() FileChange {
	f.Old, f.New, f.Link, f.OldLink = f.New, f.Old, f.OldLink, f.Link
	return f
}

// Target is an address that nginx is going to use, and the containers that must answer there.
type Target struct {
	Endpoint   Endpoint
	Containers []Container
}

// Switched is the proof of a switch.
type Switched struct {
	Nginx      string    `json:"nginx"`
	At         time.Time `json:"at"`
	Files      []string  `json:"files"`
	Points     int       `json:"points"`
	NewWorkers int       `json:"new_workers"`
	OldWorkers int       `json:"old_workers"`
	ProofMS    int64     `json:"proof_ms"`
	Proof      []string  `json:"proof"`
}

// ChangeState is what became of a change that a killed run had begun.
type ChangeState string

// The fates of a change. What is loaded is told by the workers that accepted requests when it was journaled
// (Change.Workers): nginx has loaded it once none of them does any more.
const (
	ChangeNotApplied ChangeState = "untouched"  // the old bytes are there
	ChangeWritten    ChangeState = "written"    // the new bytes are there, but what runs is older than they are
	ChangeLoaded     ChangeState = "loaded"     // the new bytes are there, and every accepting worker is newer than they are
	ChangeConflict   ChangeState = "foreign"    // neither: someone edited the file
	ChangeNginxGone  ChangeState = "nginx-gone" // nginx is not there to be asked
)

// NotSwitchedError says that nginx does not serve the change, and that the old bytes are back.
type NotSwitchedError struct {
	Reason Reason
	// Applied says that new workers had taken the change, so that users may have met the new colour.
	Applied bool
	// Restored is nil when nginx provably serves the old configuration again.
	Restored error
	Err      error
}

// Error is the reason, and why the old configuration could not be brought back, if it could not.
func (e *NotSwitchedError) Error() string {
	if e.Restored != nil {
		return e.Reason.String() + "; and the old configuration could not be brought back: " + e.Restored.Error()
	}
	return e.Reason.String()
}

// Unwrap gives both: what led here, and what became of the undo.
func (e *NotSwitchedError) Unwrap() []error { return []error{e.Err, e.Restored} }
