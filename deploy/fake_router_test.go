package deploy

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"bluegate/deploy/model"
)

// confFile is the one file that the fake nginx reads.
const confFile = "/etc/nginx/conf.d/default.conf"

// Observe implements Router.
func (p *process) Observe(ctx context.Context, dir *model.Addresses) (model.Nginx, model.Route, error) {
	route, err := p.observe(ctx, dir)
	p.route = route
	return p, route, err
}

func (p *process) observe(ctx context.Context, dir *model.Addresses) (model.Route, error) {
	if err := p.ask(ctx); err != nil {
		return model.Route{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	n := &p.nginx
	if n.state == model.RouterAbsent {
		return model.Route{State: model.RouterAbsent, Missing: n.missing}, nil
	}
	var workers []string
	if n.state == model.RouterRunning {
		workers = []string{strconv.Itoa(n.generation)}
	}
	if n.movedThere {
		return model.Route{Nginx: `container "edge"`, ID: "edge-0123456789", State: n.state, Workers: workers, Refusal: model.Refuse(model.ConfigNotLoaded, "%s was put there later than nginx loaded it", confFile)}, nil
	}
	if n.unread {
		return model.Route{Nginx: `container "edge"`, ID: "edge-0123456789", State: n.state, Workers: workers, Refusal: model.Refuse(model.SwitchPointNotFound, "it was edited by hand")}, nil
	}
	r := model.Route{Nginx: `container "edge"`, ID: "edge-0123456789", State: n.state, Workers: workers, Refusal: n.refusal, Findings: n.findings, Mentions: n.mentions, Since: n.loadedAt}
	if n.state == model.RouterStopped {
		r.Start = "docker start edge"
	}
	if n.logs {
		r.Requests = &model.RequestLog{Port: 8098, Gate: "/gate"}
	}
	disk, share, canary := strings.Cut(n.disk, canaryMark)
	for _, colour := range model.Colours {
		for _, s := range p.app.Models[colour].Services {
			if canary && strings.Contains(share, s.Name+":8080") {
				if r.Testers = colour; !strings.Contains(n.disk, "# testers\n") {
					r.Canary, r.Testers = &model.CanaryShare{Colour: colour}, model.None
				}
				r.Mentions = append(slices.Clone(r.Mentions), model.Mention{Colour: colour, Place: confFile + ":9", Directive: "server", Text: s.Name + ":8080", Passing: true})
			}
			if at := strings.Index(disk, s.Name+":8080"); at >= 0 {
				e, _, _ := dir.Find(s.Name, 8080)
				r.Points = append(r.Points, model.SwitchPoint{Place: confFile + ":1", Directive: "server", Address: s.Name + ":8080", Endpoint: e, Path: confFile})
			}
		}
	}
	for _, colour := range model.Colours {
		for _, s := range p.app.Models[colour].Services {
			if e, found, _ := dir.Find(s.Name, 8080); p.paired && found {
				r.Paired = append(r.Paired, e)
			}
		}
	}
	r.Names = colourIn(n.disk)
	if n.whole {
		r.Points = nil
	}
	switch {
	case r.Refusal != nil:
	case r.Names == model.None && len(r.Points) > 0:
		r.Refusal = model.Refuse(model.SwitchPointAmbiguous, "the configuration names both colours")
	case n.state == model.RouterRunning && n.loaded != n.disk:
		r.Refusal = model.Refuse(model.ConfigNotLoaded, "what runs is not what is on disk")
	}
	if n.state == model.RouterRunning && !n.byFlag {
		r.Draining = len(n.alive())
	}
	return r, nil
}

// Examine implements Nginx.
func (p *process) Examine(ctx context.Context, e model.Examination) ([]model.Finding, error) {
	if err := p.ask(ctx); err != nil {
		return nil, err
	}
	if p.route.State == model.RouterAbsent {
		p.breaks("an nginx that was not found is examined")
	}
	if e.Restart {
		return p.nginx.restarted, nil
	}
	return p.nginx.examined, p.nginx.examineFails
}

// Plan implements Nginx.
func (p *process) Plan(dir *model.Addresses, to model.Colour) (model.Change, error) {
	route := p.route
	c := model.Change{To: to, Nginx: route.Nginx, Unloaded: p.nginx.byFlag}
	switch {
	case route.Refusal != nil:
		return c, route.Refusal
	case len(route.Points) == 0 && !p.nginx.whole:
		return c, model.Refuse(model.SwitchPointNotFound, "nothing names an address of either colour")
	}
	for _, point := range route.Points {
		e := point.Endpoint
		if e.Colour != to {
			var err error
			if e, err = dir.Counterpart(e); err != nil {
				return c, err
			}
			c.Points++
		}
		c.Routes = append(c.Routes, e)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	n := &p.nginx
	change := func(conf string) []model.FileChange {
		return []model.FileChange{{Path: confFile, Old: []byte(n.disk), New: []byte(conf)}}
	}
	if c.Points > 0 {
		next := turned(n.rest(n.disk), to)
		c.Files = change(next)
		c.Diff = "-" + n.disk + "+" + next
		for _, step := range n.canary {
			step.Change = model.Change{To: to, Nginx: c.Nginx, Points: c.Points, Routes: c.Routes}
			step.Files = change(shared(n.rest(n.disk), to, step.Weight))
			c.Steps = append(c.Steps, step)
		}
		if n.testers {
			c.Testers = &model.Change{To: to, Nginx: c.Nginx, Points: c.Points, Routes: c.Routes, Files: change(n.open(n.disk, to))}
		}
	} else if n.testers && n.rest(n.disk) != n.disk {
		c.Files = change(n.rest(n.disk))
	}
	return c, nil
}

// turned is the smallest edit that makes a configuration name a colour.
func turned(conf string, to model.Colour) string {
	return strings.ReplaceAll(conf, "-"+string(to.Other())+":", "-"+string(to)+":")
}

// Rehearse implements Nginx.
func (p *process) Rehearse(ctx context.Context, change model.Change, started <-chan struct{}) ([]model.Finding, error) {
	select {
	case <-started:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := p.change(ctx, "rehearse "+string(change.To), p.help); err != nil {
		return nil, err
	}
	if err := pause(ctx, 300*time.Millisecond+p.nginx.rehearsing); err != nil {
		return nil, err
	}
	if p.nginx.state == model.RouterRunning && p.nginx.disk != p.nginx.loaded {
		return nil, model.Refuse(model.ConfigNotLoaded, "%s was changed after nginx loaded it", confFile)
	}
	if p.nginx.rejects != "" {
		return nil, model.Refuse(model.NginxTestFailed, "%s", p.nginx.rejects)
	}
	return nil, nil
}

func (p *process) help() { p.helped, p.helpers[p] = true, true }

// Reach implements Nginx.
func (p *process) Reach(ctx context.Context, targets []model.Target) error {
	if err := p.ask(ctx); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.helped {
		p.breaks("nginx's namespace is asked before the helper was made")
	}
	for _, t := range targets {
		if len(t.Containers) == 0 {
			return model.Refuse(model.NotReachable, "%s leads to no container", t.Endpoint.Address())
		}
		if p.nginx.deadPort {
			c := t.Containers[0]
			return &model.RefusedError{Reasons: []model.Reason{{Code: model.NotReachable, Service: c.Service, Container: c.Name, ContainerID: c.ID, Message: "connection refused"}}}
		}
	}
	return nil
}

// ready wants the file as the change was planned for it, and what Reach wants.
func (p *process) ready(ctx context.Context, change model.Change, targets []model.Target) (workers []string, err error) {
	if !change.Empty() {
		if now, err := p.Compare(ctx, change); err != nil {
			return nil, err
		} else if now != model.ChangeNotApplied {
			return nil, model.ErrChanged
		}
	}
	if err := p.Reach(ctx, targets); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.nginx.state == model.RouterRunning {
		workers = []string{strconv.Itoa(p.nginx.generation)}
	}
	return workers, nil
}

// Switch implements Nginx.
func (p *process) Switch(ctx context.Context, change model.Change, targets []model.Target, begin func(model.Change) error) (model.Switched, error) {
	workers, err := p.ready(ctx, change, targets)
	if err == nil {
		change.Workers = workers
		err = begin(change)
	}
	if err != nil {
		return model.Switched{}, err
	}
	if p.nginx.state != model.RouterRunning {
		return p.start(ctx, change)
	}
	if len(change.Files) > 0 {
		if err := p.write(ctx, string(change.Files[0].New)); err != nil {
			return model.Switched{}, p.takeBack(ctx, change, err)
		}
	}
	if err := pause(ctx, 50*time.Millisecond); err != nil { // nginx tests it
		return model.Switched{}, p.takeBack(ctx, change, context.Cause(ctx))
	}
	if err := p.reload(ctx); err != nil {
		return model.Switched{}, p.takeBack(ctx, change, err)
	}
	if err := pause(ctx, 100*time.Millisecond); err != nil {
		return model.Switched{}, p.takeBack(ctx, change, err)
	}
	if p.nginx.stray {
		return model.Switched{}, p.takeBack(ctx, change, model.Refuse(model.NotReachable, "the name leads to a stranger"))
	}
	return model.Switched{Nginx: "edge", At: time.Now(), Points: change.Points, Files: []string{confFile}, OldWorkers: 1, NewWorkers: 1}, nil
}

func (p *process) write(ctx context.Context, conf string) error {
	what := "write " + string(colourIn(conf))
	if strings.Contains(conf, canaryMark) {
		what = "write canary"
	}
	if strings.Contains(conf, "# testers\n") {
		what = "write testers"
	}
	return p.change(ctx, what, func() { p.nginx.disk = conf })
}

func (p *process) reload(ctx context.Context) error {
	deaf := false
	err := p.change(ctx, "reload", func() {
		if deaf = p.nginx.deaf; !deaf {
			p.nginx.reload()
			p.serves(p.nginx.loaded)
		}
	})
	if deaf && err == nil {
		err = errors.New("nginx did not load it")
	}
	return err
}

func (p *process) takeBack(ctx context.Context, change model.Change, cause error) error {
	failed := &model.NotSwitchedError{Err: cause, Reason: model.Reason{Code: model.NginxNotSwitched, Message: cause.Error()}}
	if errors.Is(context.Cause(ctx), model.ErrLeaseLost) {
		failed.Applied, failed.Restored = true, model.ErrLeaseLost
		return failed
	}
	ctx = context.WithoutCancel(ctx)
	var refused *model.RefusedError
	if errors.As(cause, &refused) {
		failed.Reason = refused.Reasons[0]
	}
	if p.nginx.stuck {
		failed.Applied, failed.Restored = true, errors.New("no space left on device")
		return failed
	}
	if len(change.Files) == 0 {
		return failed
	}
	failed.Applied, failed.Restored = p.putBack(ctx, change.Files[0], false)
	return failed
}

// putBack writes the old bytes where those of the change are, and has nginx load them.
func (p *process) putBack(ctx context.Context, file model.FileChange, always bool) (applied bool, err error) {
	p.mu.Lock()
	there, loaded := p.nginx.disk, p.nginx.loaded
	p.mu.Unlock()
	if there == string(file.New) {
		if err := p.write(ctx, string(file.Old)); err != nil {
			return true, err
		}
	} else if there != string(file.Old) {
		return true, errors.New("the bytes there are someone else's")
	}
	if p.nginx.state == model.RouterRunning && (always || loaded == string(file.New)) {
		return true, p.reload(ctx)
	}
	return false, nil
}

// start is Switch of an nginx that does not run.
func (p *process) start(ctx context.Context, change model.Change) (model.Switched, error) {
	if len(change.Files) > 0 {
		if err := p.write(ctx, string(change.Files[0].New)); err != nil {
			return model.Switched{}, p.takeBack(ctx, change, err)
		}
	}
	err := p.change(ctx, "start nginx", func() {
		if !p.nginx.wontStart {
			p.nginx.state, p.nginx.loaded = model.RouterRunning, p.nginx.disk
			p.serves(p.nginx.loaded)
		}
	})
	if err == nil && p.nginx.wontStart {
		err = errors.New("no worker appeared")
	}
	if err != nil {
		return model.Switched{}, p.takeBack(ctx, change, err)
	}
	return model.Switched{Nginx: "edge", At: time.Now(), NewWorkers: 1}, nil
}

// Drain implements Nginx.
func (p *process) Drain(ctx context.Context, old []model.Container, left func(model.DrainStatus)) error {
	if err := p.change(ctx, "drain", func() {
		if conf := p.nginx.editedInDrain; conf != "" {
			p.nginx.disk = conf
			p.nginx.reload()
		}
	}); err != nil {
		return err
	}
	for {
		alive := p.oldWorkers()
		if alive == 0 {
			return nil
		}
		left(p.nginx.left(alive, old))
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

func (p *process) oldWorkers() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endIfDead()
	if p.nginx.state == model.RouterAbsent {
		p.breaks("an nginx that was not found is drained")
	}
	return len(p.nginx.alive())
}

// Compare implements Nginx. It knows times by the second only.
func (p *process) Compare(ctx context.Context, change model.Change) (model.ChangeState, error) {
	if err := p.ask(ctx); err != nil {
		return "", err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	n := &p.nginx
	if change.Empty() { // a longer time for which requests are logged is none of the fake's files
		return model.ChangeNotApplied, nil
	}
	f := change.Files[0]
	switch {
	case n.state == model.RouterAbsent:
		return model.ChangeNginxGone, nil
	case p.route.State == model.RouterRunning && n.state != model.RouterRunning:
		return "", &model.UnreachableError{What: "nginx", Err: errors.New("it does not run")}
	case n.disk == string(f.Old):
		return model.ChangeNotApplied, nil
	case n.disk != string(f.New):
		return model.ChangeConflict, nil
	case n.state == model.RouterRunning && n.loaded == string(f.New) &&
		(time.Since(n.loadedAt) > 2*time.Second || change.Workers != nil && !slices.Contains(change.Workers, strconv.Itoa(n.generation))):
		return model.ChangeLoaded, nil
	}
	return model.ChangeWritten, nil
}

// Restore implements Nginx.
func (p *process) Restore(ctx context.Context, change model.Change) error {
	if err := p.change(ctx, "restore", p.help); err != nil {
		return err
	}
	if change.Empty() {
		return p.reload(ctx)
	}
	_, err := p.putBack(ctx, change.Files[0], true)
	return err
}

// Exists implements Router.
func (p *process) Exists(ctx context.Context, nginx string) (bool, error) {
	err := p.ask(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.nginxGone && (nginx != `container "edge"` || p.nginx.state != model.RouterAbsent), err
}

// Close implements Router.
func (p *process) Close(ctx context.Context) error {
	if !p.helped {
		return nil
	}
	return p.change(ctx, "close", func() { p.helped = false; delete(p.helpers, p) })
}

// left has one stream for each worker that leaves, to the first of the old containers.
func (n *fakeNginx) left(alive int, old []model.Container) model.DrainStatus {
	l := model.DrainStatus{Workers: alive}
	if len(old) > 0 && n.counts {
		l.Open = []model.OpenConnections{{Container: old[0].Name, Connections: alive, Oldest: time.Minute}}
	}
	return l
}
