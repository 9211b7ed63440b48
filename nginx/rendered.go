package nginx

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"bluegate/deploy"
	"bluegate/nginx/conf"
)

// renderer is the entrypoint of nginx's official image: at each start of its container it writes every file anew of which
// it has a template (20-envsubst-on-templates.sh).
const renderer = "docker-entrypoint.sh"

// template implements place.
func (c *contained) template(file string) string {
	if !slices.ContainsFunc(append([]string{c.info.Path}, c.info.Args...), func(word string) bool { return path.Base(word) == renderer }) {
		return ""
	}
	setting := func(name, fallback string) string {
		if c.info.Config != nil {
			for _, entry := range c.info.Config.Env {
				if value, ok := strings.CutPrefix(entry, "NGINX_ENVSUBST_"+name+"="); ok && value != "" {
					return value
				}
			}
		}
		return fallback
	}
	written, ok := strings.CutPrefix(file, path.Clean(setting("OUTPUT_DIR", "/etc/nginx/conf.d"))+"/")
	if !ok {
		return ""
	}
	return path.Join(setting("TEMPLATE_DIR", "/etc/nginx/templates"), written+setting("TEMPLATE_SUFFIX", ".template"))
}

// notRendered refuses a switch that the next start of nginx's container would undo: a machine that is rebooted would send
// its users to the colour that was stopped.
func (r *Router) notRendered(route *deploy.Route) {
	for _, file := range r.writes(route.Points) {
		template := r.found.template(file)
		if template == "" {
			continue
		}
		if _, err := r.conf.files.Read(template); err != nil {
			continue
		}
		if route.Refusal == nil {
			route.Refusal = deploy.Refuse(deploy.NginxNotSwitched, "%s is written anew from %s at each start of %s, so that a restart would undo the switch; keep what names the colour in a file of its own (`bluegate doctor` prints the edit)", file, template, r.found)
		}
		route.Findings = append(route.Findings, deploy.Finding{
			Code: "made-at-start", Place: file,
			Message: fmt.Sprintf("%s is written anew from %s at each start of %s", file, template, r.found),
			Cost:    "after any restart, that of the machine too, nginx serves again what the template and the environment say, which may be the colour that was stopped",
			Remedy:  ownFileRemedy(r.conf.tree, file, template, route.Points),
		})
	}
}

// ownFolder is where the remedy keeps what names the colour.
const ownFolder = "/etc/nginx/bluegate"

// ownFileRemedy is the one-time edit: each directive that names the colour moves into a file of its own, in a folder that
// is mounted.
func ownFileRemedy(tree []*conf.File, file, template string, points []deploy.SwitchPoint) string {
	i := slices.IndexFunc(tree, func(f *conf.File) bool { return f.Path == file })
	if i < 0 {
		return "mount the file's folder, and take the template away"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# in nginx's Compose service:\nvolumes:\n  - ./nginx/bluegate:%s\n", ownFolder)
	moved := 0
	tree[i].Walk(func(d *conf.Directive) bool {
		if !d.HasBlock && slices.ContainsFunc(points, func(p deploy.SwitchPoint) bool { return p.Path == file && d.Start <= p.Start && p.End <= d.End }) {
			moved++
			name := fmt.Sprintf("switch-%d.inc", moved)
			fmt.Fprintf(&b, "# ./nginx/bluegate/%s, a new file:\n%s\n# in %s, in the place of what becomes that line:\ninclude %s/%s;\n", name, tree[i].Src[d.Start:d.End], path.Base(template), ownFolder, name)
		}
		return true
	})
	b.WriteString("# then: docker compose up -d")
	return b.String()
}
