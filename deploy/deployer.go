package deploy

import (
	"context"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// Deployer makes a colour live. Its fields are set once, before the first call.
type Deployer struct {
	Stack    model.Stack
	Router   model.Router
	Store    model.StateStore
	Progress model.Progress
	Asker    model.CheckRunner
	Runner   model.Runner
	Settings Settings
	// Remote says that the engine's machine is not this one.
	Remote bool
	// Self describes this process as the holder of a lock.
	Self func(command, release string) model.Holder
}

// run is one command under way: what it found out, what it did, and what it has to undo.
type run struct {
	*Deployer
	report  *report.Report
	journal model.Journal
	lease   model.Lease // the project's lock; nil: a command that only looks

	app        model.Application
	identity   model.Identity // of the application, by its files
	dir        *model.Addresses
	route      model.Route
	containers []model.Container
	images     []model.Image // of the colour that is to become live
	building   []string      // services whose images are built
	local      []string      // images that no registry serves, and that are used as they are on the engine
	release    model.Release
	change     model.Change
	targets    []model.Target

	held     bool  // the lock was taken
	first    bool  // no colour's container runs
	underWay bool  // another command holds the lock
	drains   bool  // the colour that is to become live was about to retire
	touched  bool  // something was changed that abandon has to undo
	workers  []int // of nginx, before the release came up
	switched bool  // nginx provably serves the release
	applied  bool  // workers had taken a change that was taken back
	promoted bool  // the point of no return is behind us
	healthy  time.Time
}

func (d *Deployer) begin(command string) *run {
	return &run{Deployer: d, report: report.NewReport(command)}
}

// Run makes the idle colour, or the one that the settings name, live. Whatever happens, the report says what is true
// afterwards; it is never nil.
func (d *Deployer) Run(ctx context.Context) *report.Report {
	r := d.begin("deploy")
	r.release.ID = model.NewReleaseID(time.Now())
	r.report.Release = r.release.ID
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	err := r.deploy(ctx, cancel)
	r.atEnd(ctx)
	defer r.ended(ctx)
	return r.outcome(ctx, err)
}

func (r *run) deploy(ctx context.Context, lost context.CancelCauseFunc) (err error) {
	defer r.unlock(ctx)
	if err := r.lockAndSettle(ctx, lost); err != nil {
		return err
	}
	if err := r.step(ctx, "observe", r.observe); err != nil {
		return err
	}
	if err := r.step(ctx, "plan", r.plan); err != nil {
		return err
	}

	defer func() { err = r.undoUnlessPromoted(ctx, err) }()
	if err := r.step(ctx, "pull", r.pull); err != nil {
		return err
	}
	if err := r.build(ctx); err != nil {
		return err
	}
	return r.makeLive(ctx)
}

// lockAndSettle is how every command begins that changes something: alone, and with nothing of an earlier run in its way.
func (r *run) lockAndSettle(ctx context.Context, lost context.CancelCauseFunc) error {
	if err := r.load(ctx); err != nil {
		return err
	}
	if err := r.step(ctx, "lock", func(ctx context.Context) error { return r.lock(ctx, lost) }); err != nil {
		return err
	}
	r.held = true
	return r.step(ctx, "settle", r.settle)
}

// makeLive takes the release through the gate to the users.
func (r *run) makeLive(ctx context.Context) error {
	if err := r.before(ctx, model.BeforeUp); err != nil {
		return err
	}
	if err := r.up(ctx); err != nil { // and the gate, which watches from before it begins
		return err
	}
	if err := r.checks(ctx); err != nil {
		return err
	}
	if err := r.before(ctx, model.BeforeSwitch); err != nil {
		return err
	}
	if err := r.step(ctx, "switch", r.switchOver); err != nil {
		return err
	}
	r.after(ctx, model.AfterSwitch)
	if err := r.bake(ctx); err != nil {
		return err
	}

	// Users are on the new colour, and it has stayed good. From here on nothing is undone: what is left is to take leave
	// of the old one.
	return r.retire(ctx)
}

// undoUnlessPromoted is deferred before the first change. It returns the error that led here.
func (r *run) undoUnlessPromoted(ctx context.Context, err error) error {
	if err == nil || !r.touched || r.promoted {
		return err
	}
	return r.abandon(ctx, err)
}

// step runs one step of the way and notes how long it took.
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

// load reads the Compose files; what is wrong in them is said before anything is asked or touched.
func (r *run) load(ctx context.Context) error {
	app, err := r.Stack.Load(ctx)
	r.report.Project = app.Project
	r.app, r.dir = app, model.NewAddresses(app)
	r.identity = model.IdentityOf(app, r.Self(r.report.Command, r.release.ID).Host)
	return err
}

// note keeps a finding for the report, once.
func (r *run) note(findings ...model.Finding) {
	for _, f := range findings {
		known := false
		for _, have := range r.report.Findings {
			known = known || have == f
		}
		if !known {
			r.report.Findings = append(r.report.Findings, f)
		}
	}
}
