package nginx

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/nginx/conf"
	"bluegate/nginx/mode"
	"bluegate/nginx/startup"
)

// notRendered refuses a switch that the next start of nginx's container would undo: a machine that is rebooted would send
// its users to the colour that was stopped.
func (n *observed) notRendered(ctx context.Context, route *model.Route) {
	began := n.startup(ctx, route.Points)
	for _, file := range n.writes(route.Points) {
		by, template := "", n.found.Template(file)
		if template != "" {
			if _, err := n.conf.Files.Read(template); err == nil {
				by = "from " + template
			}
		}
		where := path.Base(template)
		for _, w := range began.Writes {
			if by == "" && w.File == file {
				by, where = fmt.Sprintf("by %s (%s)", w.Place, redact.Sanitize(w.Text)), "what "+w.Place+" writes"
			}
		}
		if by == "" {
			continue
		}
		if route.Refusal == nil {
			route.Refusal = model.Refuse(model.NginxNotSwitched, "%s is written again %s at each start of %s, so that a restart would undo the switch; keep what names the colour in a file of its own (`bluegate doctor` prints the edit)", file, by, n.found)
		}
		route.Findings = append(route.Findings, model.Finding{
			Code: "made-at-start", Place: file,
			Message: fmt.Sprintf("%s is written again %s at each start of %s", file, by, n.found),
			Cost:    "after any restart, that of the machine too, nginx serves again what is written then, which may be the colour that was stopped",
			Remedy:  ownFileRemedy(n.conf.Tree, file, where, route.Points),
		})
	}
	for _, w := range began.NotKnown {
		route.Findings = append(route.Findings, n.startNotChecked(w, route.Points))
	}
}

// startNotChecked tells of what runs at the start of nginx's container and cannot be followed.
func (n *observed) startNotChecked(w startup.Write, points []model.SwitchPoint) model.Finding {
	message := fmt.Sprintf("what runs at each start of %s cannot be followed here", n.found)
	if w.Text != "" {
		message = fmt.Sprintf("what this does at each start of %s cannot be told: %s", n.found, redact.Sanitize(w.Text))
	}
	files := cmp.Or(w.File, strings.Join(n.writes(points), ", "))
	return model.Finding{
		Code: "start-not-checked", Place: w.Place, Message: fmt.Sprintf("%s; whether it writes %s again is not checked", message, files),
		Cost:   "if it does, a restart of the container or of the machine undoes a switch",
		Remedy: "bluegate doctor --try-restart",
	}
}

// startup follows what runs before nginx does, once for each nginx and the files that a switch writes.
func (n *observed) startup(ctx context.Context, points []model.SwitchPoint) startup.Result {
	files := n.writes(points)
	key := n.found.ID() + "\n" + strings.Join(files, "\n")
	if known, ok := n.began[key]; ok || len(files) == 0 {
		return known
	}
	start, live := n.found.StartCommand(ctx, files)
	if len(live) == 0 {
		return startup.Result{}
	}
	_, flag := n.mode.(mode.Flagged)
	for i := range live {
		live[i].Flag, live[i].Lines = flag, n.linesOf(live[i].Names[0], points)
	}
	n.began[key] = startup.Read(start, live)
	return n.began[key]
}

// linesOf are the lines of a file that name the live colour: as they are, and as they are when the other one is live.
func (n *observed) linesOf(file string, points []model.SwitchPoint) (lines []startup.Line) {
	reading, err := mode.ReferencesOf(n.conf.Tree, n.dir)
	i := slices.IndexFunc(n.conf.Tree, func(f *conf.File) bool { return f.Path == file })
	if err != nil || i < 0 {
		return nil // what is not known is not harmless
	}
	src := n.conf.Tree[i].Src
	for _, p := range points {
		if p.Path != file || p.End > len(src) {
			continue
		}
		from := bytes.LastIndexByte(src[:p.Start], '\n') + 1
		to := len(src)
		if eol := bytes.IndexByte(src[p.End:], '\n'); eol >= 0 {
			to = p.End + eol
		}
		lines = append(lines, startup.Line{Text: string(src[from:to]), Address: p.Address})
		if other, _, err := reading.Counterpart(p); err == nil {
			lines = append(lines, startup.Line{Text: string(src[from:p.Start]) + other + string(src[p.End:to]), Address: other})
		}
	}
	return lines
}

// ownFolder is where the remedy keeps what names the colour.
const ownFolder = "/etc/nginx/bluegate"

// ownFileRemedy is the one-time edit: each directive that names the colour moves into a file of its own, in a folder that
// is mounted.
func ownFileRemedy(tree []*conf.File, file, written string, points []model.SwitchPoint) string {
	i := slices.IndexFunc(tree, func(f *conf.File) bool { return f.Path == file })
	if i < 0 {
		return "mount the file's folder, and take away what writes it at the start"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# in nginx's Compose service:\nvolumes:\n  - ./nginx/bluegate:%s\n", ownFolder)
	moved := 0
	tree[i].Walk(func(d *conf.Directive) bool {
		if !d.HasBlock && slices.ContainsFunc(points, func(p model.SwitchPoint) bool { return p.Path == file && d.Start <= p.Start && p.End <= d.End }) {
			moved++
			name := fmt.Sprintf("switch-%d.inc", moved)
			fmt.Fprintf(&b, "# ./nginx/bluegate/%s, a new file:\n%s\n# in %s, in the place of what becomes that line:\ninclude %s/%s;\n", name, tree[i].Src[d.Start:d.End], written, ownFolder, name)
		}
		return true
	})
	b.WriteString("# then: docker compose up -d")
	return b.String()
}
