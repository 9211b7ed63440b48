package setup

import (
	"math"
	"slices"
	"strings"

	"bluegate/cmd/bluegate/adopt"
	"bluegate/cmd/bluegate/ui"
	"bluegate/cmd/bluegate/ui/progress"
	"bluegate/cmd/bluegate/wire"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// tries bounds how many candidates are tried: each asks the engine and nginx.
const tries = 40

// tried tries the candidates and keeps the first with which a deployment would begin. Where none is right, the result is
// what stands in the way of the one that came nearest. base is an existing bluegate.yml, which stays as it is: candidates
// only add to it.
func (i *run) tried(base string) error {
	var nearest *report.Report
	nearestText := ""
	seen := map[string]bool{}
	queue := i.folder.Candidates()
	for n := 0; n < len(queue) && len(seen) < tries && i.ctx.Err() == nil; n++ {
		text := adopt.Completed(base, queue[n])
		if seen[text] {
			continue
		}
		seen[text] = true
		r := i.doctor(i.proposed(text))
		if i.begins(r) {
			i.result.Content, i.result.Doctor = text, r
			return nil
		}
		i.result.Tried = append(i.result.Tried, ui.Trial{Content: text, Outcome: r.Outcome, Message: r.Message})
		if nearest == nil || rank(r) > rank(nearest) {
			nearest, nearestText = r, text
		}
		// What the refusal itself asks for is tried next.
		queue = slices.Insert(queue, n+1, i.amended(queue[n], r)...)
	}
	i.result.Doctor, i.result.Content = nearest, ""
	if base == "" {
		i.result.Nearest = nearestText
	}
	i.result.Outcome = model.Refused
	if nearest != nil && nearest.Outcome == model.Unreachable && !i.runs() {
		i.result.Outcome = model.Unreachable
	}
	i.result.Blockers = adopt.Blockers(nearest)
	return nil
}

// begins says whether a deployment would begin: the live colour was found, or nothing runs yet, and nothing but the
// release itself stands in the way.
func (i *run) begins(r *report.Report) bool {
	of := []model.Code{model.PullFailed, model.BuildFailed}
	ofRelease := len(r.Reasons) > 0 && !slices.ContainsFunc(r.Reasons, func(why model.Reason) bool { return !slices.Contains(of, why.Code) })
	if r.Outcome != model.OK && !ofRelease {
		return false
	}
	return r.Live != model.None || !i.runs()
}

// runs says whether anything of the folder runs that could be a colour.
func (i *run) runs() bool {
	return slices.ContainsFunc(i.folder.Truth.Of(i.dir), func(r adopt.Running) bool { return !r.RunsNginx() && !r.Shared() })
}

// rank orders refusals by how far a deployment would come.
func rank(r *report.Report) int {
	if r.Outcome == model.OK { // it does not see what runs, so that it says nothing of what stands in the way
		return math.MinInt
	}
	n := len(r.Steps)*10 - len(r.Reasons)
	if r.Live != model.None {
		n += 100
	}
	return n
}

// amended are the candidates that a refusal suggests.
func (i *run) amended(p adopt.Proposal, r *report.Report) (all []adopt.Proposal) {
	var unjudged []string
	for _, why := range r.Reasons {
		if why.Code == model.NoHealthcheck && why.Service != "" {
			unjudged = append(unjudged, why.Service)
		}
	}
	if len(unjudged) > 0 {
		all = append(all, i.withChecks(p, r)...)
	}
	if p.Nginx.Mode == "" && len(p.Nginx.Values) == 0 && slices.ContainsFunc(r.Reasons, func(why model.Reason) bool { return slices.Contains(ofAddresses, why.Code) }) {
		if variables := i.variables(p); len(variables) > 0 {
			more := p
			more.Nginx.Values = variables
			all = append(all, more)
		}
	}
	if i.needsNginx(r) && p.Nginx.Container == "" {
		for _, c := range i.folder.Truth {
			if c.RunsNginx() {
				more := p
				more.Nginx.Container = c.Name
				all = append(all, more)
			}
		}
	}
	return all
}

// ofAddresses are the refusals of a configuration that names a colour where a switch does not change it.
var ofAddresses = []model.Code{model.LiveUnknown, model.AddressLeftOver, model.SwitchPointNotFound, model.SwitchPointAmbiguous}

// variables are those of nginx's configuration that hold an address of a colour, with a proposal.
func (i *run) variables(p adopt.Proposal) []string {
	o, err := i.options(i.proposed(p.YAML()))
	if err != nil {
		return nil
	}
	d, err := wire.Connect(i.ctx, o, progress.Quiet{})
	if err != nil {
		return nil
	}
	defer func() { _ = d.Router.Close(i.ctx) }()
	app, err := d.Stack.Load(i.ctx)
	if err != nil {
		return nil
	}
	_, route, err := d.Router.Observe(i.ctx, model.NewAddresses(app))
	if err != nil {
		return nil
	}
	return adopt.Variables(route.Mentions)
}

// needsNginx says whether nginx was not found, or more than one.
func (i *run) needsNginx(r *report.Report) bool {
	absent := slices.ContainsFunc(r.Findings, func(f model.Finding) bool { return f.Code == "nginx-absent" })
	return absent || r.Outcome == model.Unreachable && strings.Contains(r.Message, "nginx") && len(r.Steps) > 0
}

// withChecks adds what is known about the health of the services that have no healthcheck.
func (i *run) withChecks(p adopt.Proposal, r *report.Report) []adopt.Proposal {
	o, err := i.options(i.proposed(p.YAML()))
	if err != nil {
		return nil
	}
	to, err := wire.Open(i.ctx, o)
	if err != nil {
		return nil
	}
	app, err := to.Stack.Load(i.ctx)
	if err != nil {
		return nil
	}
	for colour, m := range app.Models {
		images, err := to.Images.Images(i.ctx, m)
		if err != nil {
			return nil
		}
		app.Models[colour] = m.WithImages(images)
	}
	var points []model.SwitchPoint
	if r.Plan != nil {
		points = r.Plan.Points
	}
	return []adopt.Proposal{i.folder.WithChecks(p, app, unjudged(app, r.Reasons), points)}
}

// unjudged are blue's services whose health nobody judges, of whichever colour a refusal says so.
func unjudged(app model.Application, reasons []model.Reason) (services []model.Service) {
	for _, why := range reasons {
		for _, m := range app.Models {
			s, ok := m.Service(why.Service)
			if !ok || why.Code != model.NoHealthcheck {
				continue
			}
			for _, b := range app.Models[model.Blue].Services {
				if b.Key == s.Key {
					services = append(services, b)
				}
			}
		}
	}
	return services
}

// completed keeps an existing bluegate.yml, and completes it where a deployment would not begin.
func (i *run) completed() error {
	r := i.doctor(i.have)
	if i.begins(r) {
		i.result.Doctor = r
		return nil
	}
	before := i.result
	if err := i.tried(string(i.have.Text)); err != nil {
		return err
	}
	if i.result.Content == "" || i.result.Content == string(i.have.Text) {
		i.result = before
		i.result.Doctor, i.result.Outcome, i.result.Blockers = r, model.Refused, adopt.Blockers(r)
		return nil
	}
	i.result.Diff = ui.NewEdit(i.dir, i.have.Path, i.have.Text, []byte(i.result.Content)).Diff
	return nil
}
