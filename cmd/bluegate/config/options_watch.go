package config

import (
	"cmp"
	"fmt"
	"net"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/check"
	"bluegate/deploy/model"
	"bluegate/watch"
)

// Watch are the settings of `bluegate watch`.
type Watch struct {
	Every       time.Duration
	Listen      string
	DownAfter   int
	UpAfter     int
	OnUnhealthy string // nothing, restart or rollback
	Restarts    int
	Within      time.Duration
	Backoff     time.Duration
	Reference   string // host:port; empty: none
	History     string // empty: the default place
	KeepDays    int
	KeepMB      int
	Checks      []WatchCheck // of watch.checks
	// Names are the names of `checks` and then of `bake.checks`, in their order: the same for both colours.
	Names []string
	// Alone says that the file speaks of nothing but watch.checks and notify: there may be no application.
	Alone bool
}

// WatchCheck is a check of watch.checks. Its Latency and DaysLeft say when it is degraded, not when it is down.
type WatchCheck struct {
	Name    string
	Samples int
	check.Check
}

// CertificateDays is below how many days before its end a certificate is degraded, unless days_left says something else.
const CertificateDays = 14

// DefaultWatch are the settings of a file that says nothing of it.
func DefaultWatch() Watch {
	return Watch{
		Every: 10 * time.Second, Listen: "127.0.0.1:9460", DownAfter: 3, UpAfter: 2, OnUnhealthy: "nothing",
		Restarts: 3, Within: time.Hour, Backoff: 5 * time.Second, KeepDays: 400, KeepMB: 256,
	}
}

// MinEvery is the shortest interval of a check.
const MinEvery = time.Second

// readWatch applies the section watch.
func (o *Options) readWatch(f *File, dir string) (err error) {
	w, s := DefaultWatch(), f.Watch
	w.Every, w.Listen, w.OnUnhealthy = cmp.Or(s.Every, w.Every), cmp.Or(s.Listen, w.Listen), cmp.Or(s.OnUnhealthy, w.OnUnhealthy)
	w.Within, w.Backoff = cmp.Or(s.Heal.Within, w.Within), cmp.Or(s.Heal.Backoff, w.Backoff)
	w.Reference, w.History = s.Reference, s.History
	for _, number := range []struct {
		key   string
		given int
		to    *int
	}{
		{"watch.down_after", s.DownAfter, &w.DownAfter}, {"watch.up_after", s.UpAfter, &w.UpAfter}, {"watch.heal.restarts", s.Heal.Restarts, &w.Restarts},
		{"watch.keep_days", s.KeepDays, &w.KeepDays}, {"watch.keep_mb", s.KeepMB, &w.KeepMB},
	} {
		if !f.values.Has(number.key) {
			continue
		}
		if *number.to = number.given; number.given < 1 {
			return f.values.Wrong(number.key, "must be at least 1")
		}
	}
	if w.Every < MinEvery {
		return f.values.Wrong("watch.every", "must be at least %s", MinEvery)
	}
	for key, address := range map[string]string{"watch.listen": w.Listen, "watch.reference": w.Reference} {
		if _, _, err := net.SplitHostPort(address); address != "" && err != nil {
			return f.values.Wrong(key, "%q is not host:port", address)
		}
	}
	if w.OnUnhealthy == "nothing" && (f.values.Has("watch.heal.restarts") || f.values.Has("watch.heal.within") || f.values.Has("watch.heal.backoff")) {
		return f.values.Wrong("watch.heal", "watch.on_unhealthy is nothing, so nothing is healed; set it to restart or rollback")
	}
	if w.Checks, err = f.watchChecks(dir); err != nil {
		return err
	}
	w.Names, w.Alone = checkNames(f.liveChecks()), f.watchesAlone()
	o.Watch = w
	return nil
}

// checkName is what a check may be called: it is part of addresses and of metrics.
var checkName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$`)

func (f *File) watchChecks(dir string) (all []WatchCheck, err error) {
	names := checkNames(f.liveChecks())
	for i, s := range f.Watch.Checks {
		at := fmt.Sprintf("watch.checks[%d]", i)
		switch {
		case s.Name == "":
			return nil, f.values.Wrong(at, "the check needs a name")
		case !checkName.MatchString(s.Name):
			return nil, f.values.Wrong(at+".name", "invalid name %q: use letters, digits, spaces, ., _ and -, start with a letter or a digit, and use at most 63 characters", s.Name)
		case s.Name == watch.Live:
			return nil, f.values.Wrong(at+".name", "%q is the name of the health of the live colour; choose another one", s.Name)
		case slices.Contains(names, s.Name):
			return nil, f.values.Wrong(at+".name", "another check is called %q too", s.Name)
		case s.Samples < 0 || s.Samples > 10:
			return nil, f.values.Wrong(at+".samples", "must be between 1 and 10")
		}
		names = append(names, s.Name)
		c, err := f.watchCheck(at, s, dir)
		if err != nil {
			return nil, err
		}
		all = append(all, WatchCheck{s.Name, max(s.Samples, 1), c})
	}
	return all, nil
}

// watchCheck is a check of something that is not a colour's: it is the same whichever colour is live. One attempt is the
// default, because down_after counts.
func (f *File) watchCheck(at string, s watchCheckSection, dir string) (check.Check, error) {
	if s.Attempts == 0 {
		s.Attempts = max(1, s.Passes)
	}
	c, err := f.check(at, model.Blue, s.checkSection, dir)
	if err != nil {
		return c, err
	}
	if other, err := f.check(at, model.Green, s.checkSection, dir); err != nil || !reflect.DeepEqual(c, other) {
		return c, f.values.Wrong(at, "the check is another one for each colour; move it to checks, which are asked of the live colour")
	}
	if c, err = c.Complete(); err != nil {
		return c, f.values.Wrong(at, "%v", err)
	}
	if c.Kind == check.TLS && c.DaysLeft == 0 {
		c.DaysLeft = CertificateDays
	}
	if c.From == check.Auto {
		c.From = check.Client
	}
	return c, nil
}

// liveChecks are the checks that are asked of the live colour.
func (f *File) liveChecks() []checkSection { return slices.Concat(f.Checks, f.Bake.Checks) }

// checkNames are the names that the checks of the colours have between deployments: what they ask, without the colour.
func checkNames(list []checkSection) []string {
	var names []string
	for _, s := range list {
		c := check.Check{Request: check.Request{Kind: check.HTTP, Method: s.Method, Target: s.HTTP}}
		for kind, target := range map[check.Kind]string{check.TCP: s.TCP, check.TLS: s.TLS, check.DNS: s.DNS} {
			if target != "" {
				c.Kind, c.Target = kind, target
			}
		}
		if len(s.Exec) > 0 {
			c.Kind, c.Argv = check.Exec, s.Exec
		}
		name := c.String()
		for n := 2; slices.Contains(names, name); n++ {
			name = fmt.Sprintf("%s (%d)", c, n)
		}
		names = append(names, name)
	}
	return names
}

// watchesAlone says whether the file has watch.checks and nothing that is about an application.
func (f *File) watchesAlone() bool {
	if len(f.Watch.Checks) == 0 || f.Watch.OnUnhealthy != "" && f.Watch.OnUnhealthy != "nothing" {
		return false
	}
	if slices.ContainsFunc(f.Watch.Checks, func(s watchCheckSection) bool { return s.From != "" && s.From != string(check.Client) }) {
		return false
	}
	for key := range f.values.Origins {
		section, _, _ := strings.Cut(key, ".")
		section, _, _ = strings.Cut(section, "[")
		if !slices.Contains([]string{"watch", "notify", "project"}, section) {
			return false
		}
	}
	return true
}
