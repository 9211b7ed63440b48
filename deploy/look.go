package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// The commands that only look take no lock, settle nothing and change nothing.

// Status says which colour is live, lists every container of both, and tells what a rollback would go back to.
func (d *Deployer) Status(ctx context.Context) *report.Report {
	r := d.begin("status")
	err := r.look(ctx)
	if err == nil {
		r.lookAtNginx()
		err = r.lookAtNames(ctx)
	}
	if err == nil {
		err = r.lookBackOnceSettled(ctx)
	}
	if err != nil {
		return r.outcome(ctx, err)
	}
	return r.concludeStatus()
}

// Health asks whether the settings' colour, or the live one, is healthy.
func (d *Deployer) Health(ctx context.Context) *report.Report {
	r := d.begin("health")
	err := r.look(ctx)
	if err != nil {
		return r.looked(ctx, err)
	}
	colour := r.Settings.To
	if colour == model.None {
		colour = r.report.Live
	}
	r.report.To = colour
	r.report.Containers = r.of(colour)
	defer r.unlock(ctx) // what asking needs
	r.report.Reasons = r.failingHealth(ctx, colour)
	if len(r.report.Reasons) == 0 {
		if r.report.Reasons, err = r.failingChecks(ctx, colour); err != nil {
			return r.looked(ctx, err)
		}
	}
	if len(r.report.Reasons) > 0 {
		r.report.Message = fmt.Sprintf("%s is not healthy", colour)
		if colour == model.None {
			r.report.Message = r.report.Reasons[0].Message
		}
		return r.report.Finish(model.NotHealthy)
	}
	r.report.Message = fmt.Sprintf("%s is healthy", colour)
	return r.looked(ctx, nil)
}

// DryRun makes every decision of a deployment that can be made without changing anything.
func (d *Deployer) DryRun(ctx context.Context) *report.Report {
	r := d.begin("deploy")
	r.report.DryRun = true
	defer r.unlock(ctx) // what asking needs
	err := r.look(ctx)
	known := true
	if err == nil {
		known, err = r.settleUnchanged(ctx)
	}
	if err == nil && known {
		err = r.step(ctx, "plan", r.foresee)
	}
	if err != nil {
		return r.outcome(ctx, err)
	}
	if known {
		r.describePlan()
	}
	return r.report.Finish(model.Planned)
}

// look observes, and tells what a killed run left and who holds the lock.
func (r *run) look(ctx context.Context) error {
	if err := r.load(ctx); err != nil {
		return err
	}
	holder, err := r.Store.Holder(ctx, r.app.Project)
	if err != nil {
		return err
	}
	var person *model.ManualActionError
	switch r.journal, err = r.Store.Read(ctx, r.app.Project); {
	case errors.As(err, &person):
		r.note(model.Finding{Code: "journal-unusable", Message: person.Error() + "; " + person.Run})
	case err != nil:
		return err
	case holder == nil:
		r.note(leftBehind(r.journal)...)
	}
	if err := r.ownJournal(ctx); err != nil {
		return err
	}
	if holder != nil {
		r.note(model.Finding{Code: "locked", Message: "a deployment is under way: " + holder.String()})
	}
	if err := r.step(ctx, "observe", r.observe); err != nil {
		return err
	}
	r.underWay = holder != nil
	return r.observeHalfSwitch(ctx)
}

// observeHalfSwitch tells which colour users are on when a run died between its write and its signal: what is on disk
// names the new one, and nginx still runs what it had loaded before.
func (r *run) observeHalfSwitch(ctx context.Context) error {
	e := r.journal.Current
	if e == nil || e.Phase != model.PhaseSwitching || e.Change == nil || r.report.Live != model.None || r.route.State != model.RouterRunning || !r.runs(e.From) {
		return nil
	}
	fate, err := r.Router.Compare(ctx, *e.Change)
	if err != nil || fate != model.ChangeWritten {
		return err
	}
	r.report.Live = e.From
	r.report.LiveBy = fmt.Sprintf("%s still runs what it had loaded before release %s wrote the configuration of %s, which is on disk: it must not be reloaded or restarted before `bluegate settle`", r.route.Nginx, e.Release, e.To)
	return nil
}

func (r *run) looked(ctx context.Context, err error) *report.Report {
	if err != nil {
		return r.outcome(ctx, err)
	}
	return r.report.Finish(model.OK)
}

// lookAtNginx turns what would refuse a deployment into findings.
func (r *run) lookAtNginx() {
	switch r.route.State {
	case model.RouterAbsent:
		if missing := r.route.Missing; missing != nil {
			r.note(model.Finding{Code: "nginx-absent", Place: missing.Place, Message: fmt.Sprintf("%s; %s", missing, missing.Remedy())})
			break
		}
		r.note(model.Finding{Code: "nginx-absent", Message: "no nginx was found whose configuration names a colour"})
	case model.RouterStopped:
		r.note(model.Finding{Code: "nginx-stopped", Message: r.route.Nginx + " does not run"})
	}
	for _, reason := range model.ReasonsOf(r.route.Refusal) {
		r.note(model.Finding{Code: string(reason.Code), Message: reason.Message})
	}
	if r.route.Draining > 0 {
		r.note(model.Finding{Code: "draining", Message: fmt.Sprintf("%d workers of an earlier configuration of %s still answer requests", r.route.Draining, r.route.Nginx)})
	}
}

// failingHealth compares what runs with what the model expects. Unlike the gate it has no history: a container that was
// restarted last week and is healthy now is healthy.
func (r *run) failingHealth(ctx context.Context, colour model.Colour) []model.Reason {
	if colour == model.None {
		return []model.Reason{{Code: model.Missing, Message: "no colour is known to be live: " + r.report.LiveBy}}
	}
	reasons := healthProblems(r.app.Models[colour], r.of(colour))
	for i := range reasons {
		if id := reasons[i].ContainerID; id != "" {
			reasons[i].LogTail, _ = r.Stack.LogTail(ctx, id, evidenceLines)
		}
	}
	return reasons
}

func healthProblems(m model.Model, containers []model.Container) []model.Reason {
	reasons := []model.Reason{}
	for _, s := range m.Services {
		found := 0
		for _, c := range containers {
			if c.Service != s.Name {
				continue
			}
			found++
			if reason, bad := healthProblem(s, c); bad {
				reasons = append(reasons, reason)
			}
		}
		if found < s.Replicas && !s.OneShot { // what has done its work may be gone
			reasons = append(reasons, model.Reason{Code: model.Missing, Service: s.Name, Message: fmt.Sprintf("%d of %d containers are there", found, s.Replicas)})
		}
	}
	return reasons
}

func healthProblem(s model.Service, c model.Container) (model.Reason, bool) {
	reason := model.Reason{Service: c.Service, Container: c.Name, ContainerID: c.ID, LastProbe: c.LastProbe, OOMKilled: c.Sample.OOMKilled}
	exit := c.Sample.ExitCode
	switch {
	case s.OneShot && c.State == string(gate.StateExited) && exit == 0:
		return reason, false
	case c.State == string(gate.StatePaused):
		reason.Code, reason.Message = model.Paused, "it is paused"
	case c.State == string(gate.StateRestarting):
		reason.Code, reason.Message, reason.ExitCode = model.Restarting, fmt.Sprintf("it is restarting after exit code %d", exit), &exit
	case !c.Running:
		reason.Code, reason.Message, reason.ExitCode = model.Exited, fmt.Sprintf("it does not run (%s, exit code %d)", c.State, exit), &exit
	case c.Health == "none" || c.Health == "":
		return reason, false
	case c.Health != string(gate.HealthHealthy):
		reason.Code, reason.Message = model.Unhealthy, fmt.Sprintf("its health is %s after %d failed probes in a row", c.Health, c.Sample.FailingStreak)
	default:
		return reason, false
	}
	return reason, true
}

func newPlanReport(r *run) *report.Plan {
	p := &report.Plan{Pull: []string{}, Build: []string{}, Create: []string{}, Start: []string{}, Replace: []string{}, Stop: []string{}, Points: []model.SwitchPoint{}, Services: []report.Decision{}, Checks: []string{}, Hooks: []string{}, Diff: r.change.Diff}
	if r.route.Points != nil {
		p.Points = r.route.Points
	}
	return p
}

// describePlan says what would happen, as far as planning came.
func (r *run) describePlan() {
	p := newPlanReport(r)
	r.report.Plan = p
	if r.release.To == model.None || r.images == nil {
		return
	}
	r.noteLocal()
	for _, ref := range r.refs(r.from(fromRegistry)) {
		if !slices.Contains(r.local, ref) {
			p.Pull = append(p.Pull, ref)
		}
	}
	p.Build = append(p.Build, r.refs(r.from(fromBuild))...)
	for _, c := range r.of(r.release.To) {
		p.Replace = append(p.Replace, c.Name)
	}
	for _, s := range r.release.Model.Services {
		p.Create = append(p.Create, fmt.Sprintf("%d × %s", s.Replicas, s.Name))
	}
	r.describeStop(p)
	r.describeGate(p)
}

func (r *run) describeStop(p *report.Plan) {
	if from := r.report.From; from != model.None && r.Settings.Keep != model.KeepRunning {
		for _, c := range r.of(from) {
			p.Stop = append(p.Stop, c.Name)
		}
	}
}

// describeQuestions lists what is asked, from where, and which commands are run. A dry run does neither.
func (r *run) describeQuestions(p *report.Plan) {
	to := r.release.To
	for _, c := range slices.Concat(r.Settings.Checks[to], r.Settings.Bake.Checks[to]) {
		if c, err := r.withOrigin(c, to); err == nil {
			p.Checks = append(p.Checks, fmt.Sprintf("%s from %s", c, c.From))
		}
	}
	for _, moment := range []model.Moment{model.BeforeUp, model.BeforeSwitch, model.AfterSwitch, model.OnFailure, model.AfterAll} {
		for _, argv := range r.hooks(moment) {
			p.Hooks = append(p.Hooks, fmt.Sprintf("%s: %s", moment, strings.Join(argv, " ")))
		}
	}
}

func (r *run) describeGate(p *report.Plan) {
	r.describeQuestions(p)
	want := r.expected()
	for i, s := range r.release.Model.Services {
		p.Services = append(p.Services, report.Decision{
			Service: s.Name, Image: s.Image, Healthcheck: describeProbe(want[i].Probe), LatestMS: gate.Budget(want[i : i+1]).Milliseconds(),
		})
	}
	budget := gate.Budget(want)
	if r.Settings.Timeout > 0 {
		budget = min(budget, r.Settings.Timeout)
	}
	p.BudgetMS = budget.Milliseconds()
	r.note(model.Finding{Code: "gate", Message: fmt.Sprintf("the gate has decided %s after the start at the latest, and opens once all are healthy for %s", budget.Round(time.Second), r.Settings.Stable)})
}
