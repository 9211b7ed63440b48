package nginx

import (
	"fmt"
	"slices"
	"strings"

	"bluegate/deploy"
	"bluegate/nginx/conf"
)

// harmless are the directives that may mention a host and send no traffic to it.
var harmless = []string{"server_name", "add_header", "add_trailer", "return", "log_format", "error_page", "sub_filter", "proxy_redirect", "proxy_set_header", "proxy_cookie_domain", "valid_referers", "access_log", "error_log", "index", "alias", "root"}

// leftOver lists what else carries a colour and is not going to change: an address outside the one file that is
// replaced, and in any file what mentions the live colour beside the points. Where traffic may depend on it (a variable,
// a map, Lua), a switch would leave users on a colour that is then stopped: that is refused. whole is the file that is
// replaced, empty where files are edited.
func leftOver(c configuration, dir *deploy.Directory, live deploy.Colour, points []deploy.SwitchPoint, whole string) (findings []deploy.Finding, refusal error) {
	r, err := readingOf(c.tree, dir)
	if err != nil {
		return nil, err
	}
	var places []string
	for _, file := range c.tree {
		if file.Path == whole {
			continue
		}
		if whole != "" {
			outside, err := r.among(file, file.Points())
			if err != nil {
				return nil, err
			}
			for _, p := range outside {
				places = append(places, fmt.Sprintf("%s (%s %s)", p.Place, p.Directive, p.Address))
			}
		}
		for _, m := range file.Mentions(dir.HostsOf(live)) {
			place := fmt.Sprintf("%s:%d", m.Path, m.Line)
			switch {
			case m.Directive == "upstream", isPoint(file, m, points): // a name, which sends nothing anywhere
			case !slices.Contains(harmless, m.Directive):
				places = append(places, fmt.Sprintf("%s (%s %s)", place, m.Directive, deploy.Plain(m.Text)))
			default:
				findings = append(findings, deploy.Finding{Code: "not-switched", Place: place,
					Message: fmt.Sprintf("%s mentions %s and is not changed by a switch: %s", m.Directive, live, deploy.Plain(m.Text))})
			}
		}
	}
	if len(places) > 0 {
		refusal = deploy.Refuse(deploy.SwitchPointAmbiguous, "besides what a switch changes, the configuration of %s names a colour where traffic may depend on it: %s; put the address into an upstream and name that, or list the variable in nginx.values",
			c.nginx, strings.Join(places, ", "))
	}
	return findings, refusal
}

// isPoint says whether a mention is what a switch changes.
func isPoint(file *conf.File, m conf.Mention, points []deploy.SwitchPoint) bool {
	return slices.ContainsFunc(points, func(p deploy.SwitchPoint) bool {
		if p.Path != file.Path || p.Start == 0 && p.End == 0 {
			return false
		}
		line, col := file.Position(p.Start)
		return line == m.Line && col == m.Col
	})
}
