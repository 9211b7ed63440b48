// Package drill is what a drill asks of the application, and what came of it: the requests of its load, which of those
// that were lost doctor had announced, and the badge. It decides nothing about colours: package deploy switches.
package drill

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/drill/load"
	"bluegate/deploy/model"
)

// Settings are what the user chose.
type Settings struct {
	Switches int // how many: an even number
	Rate     int // short requests per second, at most
	// Paths are those of each kind of user. A kind that has none is not tried, except those of short requests.
	Paths map[load.Kind][]string
	// AllowPost lets the load send POST requests.
	AllowPost bool
	URL       string // empty: an address at which nginx is found to answer
	Header    http.Header
	Insecure  bool // a certificate is not checked
	// AcceptAnnounced lets a drill pass that lost only what doctor had announced.
	AcceptAnnounced bool
}

// The defaults of a drill, and how long its load takes where nothing says otherwise.
const (
	DefaultSwitches = 2
	DefaultRate     = 50
	MaxSwitches     = 100

	// Lead is how long the load runs before the first switch, and Tail after the last colour was removed.
	Lead = 2 * time.Second
	Tail = time.Second
	// Rest is how long users stay on a colour after the other one has drained.
	Rest = 2 * time.Second

	// hold is how long a stream that continues and a websocket are kept open.
	hold = 3 * time.Second
	// uploading is how long an upload takes.
	uploading = 500 * time.Millisecond
)

// Check refuses settings that make no sense.
func (s Settings) Check() error {
	switch {
	case s.Switches < 2 || s.Switches > MaxSwitches || s.Switches%2 != 0:
		return model.Invalid("invalid --switches %d: must be an even number from 2 to %d, because the colour that is live is live again afterwards", s.Switches, MaxSwitches)
	case s.Rate < 1 || s.Rate > load.MaxRate:
		return model.Invalid("invalid --rate %d: must be from 1 to %d requests per second", s.Rate, load.MaxRate)
	}
	for _, kind := range load.AllKinds() {
		if len(s.Paths[kind]) > 0 && kind.Posts() && !s.AllowPost {
			return model.Invalid("--path %s=… sends POST requests: allow them with --allow-post", kind)
		}
	}
	return nil
}

// ParsePath reads KIND=/path, or /path, which is for short requests.
func ParsePath(text string) (kinds []load.Kind, path string, err error) {
	kind, path, ok := strings.Cut(text, "=")
	if strings.HasPrefix(text, "/") || !ok {
		kinds, path = []load.Kind{load.NoKeepAlive, load.KeepAlive}, text
	} else {
		kinds = []load.Kind{load.Kind(kind)}
		if !slices.Contains(load.AllKinds(), load.Kind(kind)) {
			return nil, "", model.Invalid("invalid --path %q: the kind must be one of %s", text, Kinds())
		}
	}
	if !strings.HasPrefix(path, "/") {
		return nil, "", model.Invalid("invalid --path %q: a path begins with a slash, as /login or long=/report", text)
	}
	return kinds, path, nil
}

// Kinds lists the kinds of users for people.
func Kinds() string {
	var names []string
	for _, k := range load.AllKinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// paths are those of a kind. skipped says why there are none.
func (s Settings) paths(kind load.Kind) (paths []string, skipped string) {
	if own := s.Paths[kind]; len(own) > 0 {
		return own, ""
	}
	short := s.Paths[load.NoKeepAlive]
	if len(short) == 0 {
		short = []string{"/"}
	}
	switch {
	case kind == load.NoKeepAlive || kind == load.KeepAlive:
		return short, ""
	case kind.Posts() && !s.AllowPost:
		return nil, "POST requests are sent with --allow-post"
	case kind.Posts():
		return short[:1], ""
	}
	return nil, fmt.Sprintf("no path was given: --path %s=/PATH", kind)
}

// options are the load, as far as it is known before anything was asked.
func (s Settings) options() load.Options {
	o := load.Options{Calls: map[load.Kind][]load.Call{}, Rate: s.Rate, Header: maps.Clone(s.Header), Insecure: s.Insecure, KeepFailures: keptLosses * len(load.AllKinds())}
	for _, kind := range load.AllKinds() {
		paths, _ := s.paths(kind)
		for _, path := range paths {
			o.Calls[kind] = append(o.Calls[kind], call(kind, path))
		}
	}
	return o
}

// call is one request of a kind. Which status its answer has is not known yet.
func call(kind load.Kind, path string) load.Call {
	c := load.Call{Method: http.MethodGet, Path: path}
	switch kind {
	case load.KeepAlivePost:
		c.Method, c.Body, c.Size = http.MethodPost, load.Zeros(200), 200
	case load.Upload:
		c.Method, c.Body, c.Size, c.Takes = http.MethodPost, load.Pieces(60_000, 10, uploading), 60_000, uploading
	case load.Stream:
		c.Hold = hold
	case load.WebSocket:
		c.Hold, c.Status = hold, http.StatusSwitchingProtocols
	case load.Long:
		c.Takes = time.Minute // at most; how long it really takes is found out
	}
	return c
}

// WithDefaults fills in what was not chosen.
func (s Settings) WithDefaults() Settings {
	s.Switches, s.Rate = cmp.Or(s.Switches, DefaultSwitches), cmp.Or(s.Rate, DefaultRate)
	return s
}

// ForHost names the host of an entrance in each request, unless the user named one.
func (s Settings) ForHost(host string) Settings {
	if host != "" && s.Header.Get("Host") == "" {
		s.Header = maps.Clone(s.Header)
		if s.Header == nil {
			s.Header = http.Header{}
		}
		s.Header.Set("Host", host)
	}
	return s
}
