package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bluegate/deploy/check"
	"bluegate/deploy/model"
)

// checks returns the checks of each colour from a list in the file. key is the key of the list.
func (f *File) checks(key string, list []checkSection, dir string) (map[model.Colour][]check.Check, error) {
	if len(list) == 0 {
		return nil, nil
	}
	all := map[model.Colour][]check.Check{}
	for i, section := range list {
		at := fmt.Sprintf("%s[%d]", key, i)
		for _, colour := range model.Colours {
			c, err := f.check(at, colour, section, dir)
			if err == nil {
				if c, err = c.Complete(); err != nil {
					err = f.values.Wrong(at, "%v", err)
				}
			}
			if err != nil {
				return nil, err
			}
			all[colour] = append(all[colour], c)
		}
	}
	return all, nil
}

func (f *File) check(at string, colour model.Colour, s checkSection, dir string) (check.Check, error) {
	c := check.Check{
		From: check.Origin(s.From), Service: f.expand(colour, s.Service), Interval: s.Interval, Attempts: s.Attempts, Passes: s.Passes,
		Request: check.Request{Method: s.Method, Body: f.expand(colour, s.Body), Follow: s.Redirects, Insecure: s.Insecure, Timeout: s.Timeout},
		Want: check.Want{
			Contains: f.expand(colour, s.Contains), ContainsNot: f.expand(colour, s.ContainsNot), Latency: s.Latency, DaysLeft: s.DaysLeft,
		},
	}
	kinds := 0
	for kind, target := range map[check.Kind]string{check.HTTP: s.HTTP, check.TCP: s.TCP, check.TLS: s.TLS, check.DNS: s.DNS, check.Exec: strings.Join(s.Exec, " ")} {
		if target != "" {
			kinds++
			c.Kind, c.Target = kind, f.expand(colour, target)
		}
	}
	if kinds != 1 {
		return c, f.values.Wrong(at, "a check needs exactly one of http, tcp, tls, dns, exec")
	}
	if c.Kind == check.Exec {
		c.Target, c.Argv = "", f.expandAll(colour, s.Exec)
	}
	if err := f.checkKind(at, c.Kind, s); err != nil {
		return c, err
	}
	if s.Status != "" {
		if err := c.Statuses.Set(s.Status); err != nil {
			return c, f.values.Wrong(at+".status", "%v", err)
		}
	}
	if err := f.fillRequest(at, colour, s, &c); err != nil {
		return c, err
	}
	return c, f.readCA(at, &c, s.CA, dir)
}

// fillRequest replaces ${NAME} in the parts of a request that may contain a secret.
func (f *File) fillRequest(at string, colour model.Colour, s checkSection, c *check.Check) (err error) {
	if len(s.Headers) > 0 {
		c.Headers = map[string]string{}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Headers)) {
		if c.Headers[name], err = f.substitute(at+".headers."+name, f.expand(colour, s.Headers[name])); err != nil {
			return err
		}
	}
	if c.Body, err = f.substitute(at+".body", c.Body); err == nil && c.Kind == check.HTTP {
		c.Target, err = f.substitute(at+".http", c.Target)
	}
	return err
}

// checkKind refuses keys that a check of this kind does not use: a condition that is never tested would give false
// safety.
func (f *File) checkKind(at string, kind check.Kind, s checkSection) error {
	web, certified := kind == check.HTTP, kind == check.HTTP || kind == check.TLS
	for _, rule := range []struct {
		key  string
		used bool
		fits bool
	}{
		{"method", s.Method != "", web}, {"headers", len(s.Headers) > 0, web}, {"body", s.Body != "", web}, {"redirects", s.Redirects, web},
		{"status", s.Status != "", web}, {"contains", s.Contains != "", web}, {"contains_not", s.ContainsNot != "", web},
		{"ca", s.CA != "", certified}, {"insecure", s.Insecure, certified}, {"days_left", s.DaysLeft != 0, kind == check.TLS},
	} {
		if rule.used && !rule.fits {
			return f.values.Wrong(at+"."+rule.key, "not used in a check by %s", kind)
		}
	}
	return nil
}

func (f *File) readCA(at string, c *check.Check, path, dir string) (err error) {
	if path == "" {
		return nil
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	if c.CA, err = os.ReadFile(path); err != nil {
		return f.values.Wrong(at+".ca", "%v", err)
	}
	return nil
}

func (f *File) expandAll(colour model.Colour, words []string) []string {
	all := make([]string, len(words))
	for i, word := range words {
		all[i] = f.expand(colour, word)
	}
	return all
}

// hooks returns the hooks of each colour.
func (f *File) hooks() (map[model.Colour]model.Hooks, error) {
	var all map[model.Colour]model.Hooks
	for moment, list := range map[model.Moment][][]string{
		model.BeforeUp: f.Hooks.BeforeUp, model.BeforeSwitch: f.Hooks.BeforeSwitch, model.AfterSwitch: f.Hooks.AfterSwitch,
		model.OnFailure: f.Hooks.OnFailure, model.AfterAll: f.Hooks.AfterAll,
	} {
		for i, words := range list {
			if len(words) == 0 || words[0] == "" {
				return nil, f.values.Wrong(fmt.Sprintf("hooks.%s[%d]", moment, i), "the command is empty")
			}
			if all == nil {
				all = map[model.Colour]model.Hooks{}
			}
			for _, colour := range model.Colours {
				h := all[colour]
				if h.Timeout = f.Hooks.Timeout; h.Commands == nil {
					h.Commands = map[model.Moment][][]string{}
				}
				h.Commands[moment] = append(h.Commands[moment], f.expandAll(colour, words))
				all[colour] = h
			}
		}
	}
	return all, nil
}

// readChecksAndHooks applies the checks and hooks of the file.
func (o *Options) readChecksAndHooks(f *File, dir string) (err error) {
	if o.Settings.Checks, err = f.checks("checks", f.Checks, dir); err != nil {
		return err
	}
	if o.Settings.Bake.Checks, err = f.checks("bake.checks", f.Bake.Checks, dir); err != nil {
		return err
	}
	if len(f.Bake.Checks) > 0 && f.Bake.For == 0 {
		return f.values.Wrong("bake.checks", "bake.for is not set; without a bake these checks never run")
	}
	o.Settings.Hooks, err = f.hooks()
	return err
}
