package plan

import (
	"fmt"
	"strings"
	"time"

	"bluegate/deploy/judge"
	"bluegate/deploy/model"
)

// Canaries says whether a share of the clients gets the release before all do.
func (p Plan) Canaries() bool {
	return !p.Drill && p.Release.Back == nil && p.From != model.None && len(p.Change.Steps) > 0
}

// Judged says whether the release is judged by the requests of its users.
func (p Plan) Judged(s Settings) bool {
	return s.Judge != nil && !p.Drill && (p.Canaries() || p.Bakes(s))
}

// planJudge refuses a canary in which not every service would take part, and a release that could not be judged: what
// cannot be told afterwards is said before anything is touched.
func (p *Plan) planJudge(o Observation, s Settings) error {
	if p.Drill || p.Release.Back != nil || p.From == model.None || p.Change.Empty() {
		return nil
	}
	if p.Change.NoSteps != nil {
		return p.Change.NoSteps
	}
	if why := p.Change.NoTesters; why != nil {
		if s.UntilPreview {
			return why
		}
		p.find(model.Finding{
			Code: string(model.PreviewIncomplete), Message: why.Error(), Remedy: "make these edits, and reload nginx",
			Cost: "requests with the testers' secret get the live colour there, and deploy --until preview is refused",
		})
	}
	if !p.Judged(s) {
		return nil
	}
	why := unseen(o.Route, p.Change)
	switch {
	case why == "":
		return nil
	case s.Judge.TooFew == judge.Pass:
		p.find(model.Finding{Code: "requests-unseen", Message: "the release is judged by those of its requests that nginx logs: " + why})
		return nil
	}
	return model.Refuse(model.TooFewRequests, "a release could not be judged by its requests (judge): %s; `bluegate doctor` shows the lines to add; with `judge: {too_few: pass}` it is judged by what is seen", why)
}

// unseen says why requests to a colour are not logged; empty: all are.
func unseen(route model.Route, change model.Change) string {
	log := route.Requests
	switch {
	case change.Unloaded:
		return fmt.Sprintf("a switch does not reload %s, so that nothing tells it for how long to log", route.Nginx)
	case log == nil:
		return fmt.Sprintf("what %s logs could not be found out", route.Nginx)
	case len(log.Unseen) > 0:
		return fmt.Sprintf("%s does not log the requests of %s", route.Nginx, strings.Join(log.Unseen, ", "))
	case log.Gate == "":
		return fmt.Sprintf("%s has no map that says for how long to log", route.Nginx)
	}
	return ""
}

// LogFor is for how long requests are logged after the switch.
func (p Plan) LogFor(s Settings) time.Duration {
	if p.Judged(s) && p.Bakes(s) {
		return s.Bake.For
	}
	return 0
}
