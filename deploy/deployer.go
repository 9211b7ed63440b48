package deploy

import (
	"context"
	"slices"
	"time"

	"bluegate/deploy/drill"
	"bluegate/deploy/judging"
	"bluegate/deploy/model"
	"bluegate/deploy/plan"
	"bluegate/deploy/report"
	"bluegate/deploy/stage"
)

// Deployer makes a colour live. Its fields are set once, before the first call.
type Deployer struct {
	Stack    model.Stack
	Images   model.ImageStore
	Archive  model.Archive
	Names    model.NameHolder
	Router   model.Router
	Nodes    model.Nodes // nil: there is one machine
	Store    model.StateStore
	History  model.HistoryStore
	Requests model.RequestSource
	Progress model.Progress
	Checks   model.CheckRunner
	Hooks    model.HookRunner
	Load     drill.Load // of a drill; nil: over the network
	Settings Settings
	// Remote says that the engine's machine is not this one.
	Remote bool
	// Self describes this process as the holder of a lock.
	Self func(command, release string) model.Holder
}

// Settings are what the user chose.
type Settings = plan.Settings

// DefaultSettings are those of a run without configuration.
func DefaultSettings() Settings { return plan.DefaultSettings() }

// run is one command. Only the command's goroutine writes it; other goroutines read it and return values. What is under way is
// in the journal, what is true was observed, and what is to be done is in the plan: nothing of it is kept a second time.
type run struct {
	*Deployer
	command  string
	began    time.Time
	identity model.Identity // of the application, by its files
	report   *report.Report // it is written from the run, and is never its state

	lease   model.Lease // the project's lock; nil: a command that only looks
	journal model.Journal
	seen    plan.Observation // the last, and what is live since
	nginx   model.Nginx      // that the last look at nginx found; nil: none yet
	node    string           // the machine that is asked, of a cluster
	plan    plan.Plan        // what is executed
	stage   stage.Stage
	drilled model.Outcome    // what a drill came to; empty: none has ended
	judging *judging.Judging // nil: no requests are judged
}

// begin is a command of which nothing has been done.
func (d *Deployer) begin(command string) *run {
	return &run{Deployer: d, command: command, began: time.Now(), report: report.NewReport(command)}
}

// Run makes the idle colour, or the one that the settings name, live. Whatever happens, the report says what is true
// afterwards; it is never nil.
func (d *Deployer) Run(ctx context.Context) *report.Report {
	r := d.begin("deploy")
	r.plan.Release.ID = model.NewReleaseID(time.Now())
	r.report.Release = r.plan.Release.ID
	return r.whole(ctx, r.deploy)
}

// whole runs a command that may change something, and then writes the report and runs the last hooks.
func (r *run) whole(ctx context.Context, do func(context.Context, context.CancelCauseFunc) error) *report.Report {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer r.lastHooks(ctx)
	defer r.unlock(ctx)
	err := do(ctx, cancel)
	r.atEnd(ctx)
	r.outcome(ctx, err)
	r.remember(ctx, err)
	return r.report
}

// deploy is a deployment. Until the plan is made nothing is changed, except what an earlier run left.
func (r *run) deploy(ctx context.Context, lost context.CancelCauseFunc) error {
	if _, err := r.lockAndSettle(ctx, lost); err != nil {
		return err
	}
	if err := r.step(ctx, "observe", r.observe); err != nil {
		return err
	}
	if err := r.step(ctx, "plan", r.makePlan); err != nil {
		return err
	}
	return r.orAbandon(ctx, func() error {
		if err := r.step(ctx, "pull", r.pull); err != nil {
			return err
		}
		if err := r.build(ctx); err != nil {
			return err
		}
		r.note(r.plan.SameImages(r.seen)...)
		return r.makeLive(ctx)
	})
}

// lockAndSettle begins every command that changes something: it takes the project's lock, and finishes or undoes what
// an earlier run left.
func (r *run) lockAndSettle(ctx context.Context, lost context.CancelCauseFunc) (done settled, err error) {
	if err := r.load(ctx); err != nil {
		return done, err
	}
	if err := r.Store.CanHelp(ctx); err != nil {
		return done, err
	}
	if err := r.step(ctx, "lock", func(ctx context.Context) error { return r.lock(ctx, lost) }); err != nil {
		return done, err
	}
	r.stage = stage.Locked
	err = r.step(ctx, "settle", func(ctx context.Context) (err error) {
		done, err = r.settle(ctx)
		return err
	})
	if err == nil && done.said != "" {
		r.note(model.Finding{Code: "settled", Message: done.said})
		r.Progress.Say("%s", done.said)
	}
	return done, err
}

// makeLive starts the release, takes it through the gate, switches nginx to it, and retires the old colour. A deployment
// until the preview ends before the switch.
func (r *run) makeLive(ctx context.Context) error {
	if err := r.restorePolicies(ctx); err != nil { // before the journal takes them over as those of the old colour
		return err
	}
	if err := r.before(ctx, model.BeforeUp); err != nil {
		return err
	}
	healthy, err := r.up(ctx) // and the gate, which watches from before it begins
	if err != nil {
		return err
	}
	if err := r.checks(ctx); err != nil {
		return err
	}
	if r.Settings.UntilPreview {
		return r.wait(ctx)
	}
	if err := r.before(ctx, model.BeforeSwitch); err != nil {
		return err
	}
	return r.goLive(ctx, healthy)
}

// goLive switches nginx to a release that has passed, and retires the old colour. healthy is when its last container became
// healthy; zero: that was earlier.
func (r *run) goLive(ctx context.Context, healthy time.Time) error {
	defer r.endJudging(ctx)
	if err := r.canary(ctx); err != nil {
		return err
	}
	targets, err := r.switchOver(ctx, healthy)
	if err != nil {
		return err
	}
	r.after(ctx, model.AfterSwitch)
	if err := r.bake(ctx, targets); err != nil {
		return err
	}

	// Users are on the new colour, and it has stayed good. From here on nothing is undone: what is left is to retire the old
	// one.
	return r.retire(ctx, r.step)
}

// orAbandon does what changes something. If that fails before the release is promoted, everything is undone. It returns
// the error that led there.
func (r *run) orAbandon(ctx context.Context, do func() error) error {
	err := do()
	if err == nil || r.stage < stage.Changing || r.stage == stage.Promoted {
		return err
	}
	return r.abandon(ctx, err)
}

// step runs one step, and notes in the report how long it took and how it ended.
func (r *run) step(ctx context.Context, name string, do func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	r.Progress.Step(name)
	began := time.Now()
	err := do(ctx)
	r.report.AddStep(name, began, err)
	return err
}

// load reads the Compose files. What is wrong in them is said before anything is asked or touched.
func (r *run) load(ctx context.Context) error {
	app, err := r.Stack.Load(ctx)
	r.report.Project = app.Project
	r.seen = plan.Observation{Application: app, Addresses: model.NewAddresses(app), Remote: r.Remote}
	r.identity = model.IdentityOf(app, r.Self(r.command, r.plan.Release.ID).Host)
	r.tellAbout()
	return err
}

// note keeps a finding for the report, once.
func (r *run) note(findings ...model.Finding) {
	for _, f := range findings {
		if !slices.Contains(r.report.Findings, f) {
			r.report.Findings = append(r.report.Findings, f)
		}
	}
}

// judgeLive sets what is live by what was observed last.
func (r *run) judgeLive() {
	now := r.seen.Judged().Live
	r.setLive(now.Colour, now.By)
}

// setLive notes which colour nginx serves, and how that is known.
func (r *run) setLive(colour model.Colour, by string) {
	r.seen.Live = plan.Live{Colour: colour, By: by}
	r.report.Live, r.report.LiveBy = colour, by
	r.tellAbout()
}
