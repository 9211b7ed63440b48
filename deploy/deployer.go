package deploy

import (
	"context"
	"time"
)

// Deployer makes a colour live. Its fields are set once, before the first call.
type Deployer struct {
	Stack    Stack
	Router   Router
	Ledger   Ledger
	Progress Progress
	Settings Settings
	// Self describes this process as the holder of a lock.
	Self func(command, release string) Holder
}

// run is one command under way: what it found out, what it did, and what it has to undo.
type run struct {
	*Deployer
	report  *Report
	journal Journal
	leases  []Lease

	app        Application
	dir        *Directory
	route      Route
	containers []Container
	images     []Image // of the colour that is to become live
	release    Release
	change     Change
	targets    []Target

	first    bool // no colour's container runs
	touched  bool // something was changed that abandon has to undo
	applied  bool // workers had taken a change that was taken back
	promoted bool // the point of no return is behind us
	healthy  time.Time
}

func (d *Deployer) begin(command string) *run {
	return &run{Deployer: d, report: NewReport(command)}
}

// Run makes the idle colour, or the one that the settings name, live. Whatever happens, the report says what is true
// afterwards; it is never nil.
func (d *Deployer) Run(ctx context.Context) *Report {
	r := d.begin("deploy")
	r.release.ID = NewReleaseID(time.Now())
	r.report.Release = r.release.ID
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	err := r.deploy(ctx, cancel)
	return r.conclude(ctx, err)
}

func (r *run) deploy(ctx context.Context, lost context.CancelCauseFunc) (err error) {
	if err := r.load(ctx); err != nil {
		return err
	}
	defer r.unlock(ctx)
	if err := r.step(ctx, "lock", func(ctx context.Context) error { return r.lock(ctx, lost) }); err != nil {
		return err
	}
	if err := r.step(ctx, "settle", r.settle); err != nil {
		return err
	}
	if err := r.step(ctx, "observe", r.observe); err != nil {
		return err
	}
	if err := r.step(ctx, "plan", r.plan); err != nil {
		return err
	}

	defer func() {
		if err != nil && r.touched && !r.promoted {
			err = r.abandon(ctx, err)
		}
	}()
	if err := r.step(ctx, "pull", r.pull); err != nil {
		return err
	}
	if err := r.up(ctx); err != nil { // and the gate, which watches from before it begins
		return err
	}
	if err := r.step(ctx, "switch", r.switchOver); err != nil {
		return err
	}

	// Users are on the new colour. From here on nothing is undone: what is left is to take leave of the old one.
	return r.retire(ctx)
}

// step runs one step of the way and notes how long it took.
func (r *run) step(ctx context.Context, name string, do func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	r.Progress.Step(name)
	began := time.Now()
	err := do(ctx)
	r.report.step(name, began, err)
	return err
}

// load reads the Compose files; what is wrong in them is said before anything is asked or touched.
func (r *run) load(ctx context.Context) error {
	app, err := r.Stack.Load(ctx)
	r.report.Project = app.Project
	r.app, r.dir = app, NewDirectory(app)
	return err
}

// note keeps a finding for the report, once.
func (r *run) note(findings ...Finding) {
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
