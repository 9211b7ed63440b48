package deploy

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// confFile is the one file that the world's nginx reads.
const confFile = "/etc/nginx/conf.d/default.conf"

// Observe implements Router.
func (p *process) Observe(ctx context.Context, dir *Directory) (Route, error) {
	if err := p.ask(ctx); err != nil {
		return Route{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	n := &p.nginx
	if n.state == RouterAbsent {
		return Route{State: RouterAbsent, Missing: n.missing}, nil
	}
	var workers []int
	if n.state == RouterRunning {
		workers = []int{n.generation}
	}
	if n.unread {
		return Route{Nginx: `container "edge"`, ID: "edge-0123456789", State: n.state, Workers: workers, Refusal: Refuse(SwitchPointNotFound, "it was edited by hand")}, nil
	}
	r := Route{Nginx: `container "edge"`, ID: "edge-0123456789", State: n.state, Workers: workers, Refusal: n.refusal, Findings: n.findings, Mentions: n.mentions}
	for _, colour := range Colours {
		for _, s := range p.app.Models[colour].Services {
			if at := strings.Index(n.disk, s.Name+":8080"); at >= 0 {
				e, _, _ := dir.Find(s.Name, 8080)
				r.Points = append(r.Points, SwitchPoint{Place: confFile + ":1", Directive: "server", Address: s.Name + ":8080", Endpoint: e, Path: confFile})
			}
		}
	}
	for _, colour := range Colours {
		for _, s := range p.app.Models[colour].Services {
			if e, found, _ := dir.Find(s.Name, 8080); p.paired && found {
				r.Paired = append(r.Paired, e)
			}
		}
	}
	r.Names = colourIn(n.disk)
	switch {
	case r.Refusal != nil:
	case r.Names == None && len(r.Points) > 0:
		r.Refusal = Refuse(SwitchPointAmbiguous, "the configuration names both colours")
	case n.state == RouterRunning && n.loaded != n.disk:
		r.Refusal = Refuse(ConfigNotLoaded, "what runs is not what is on disk")
	}
	if n.state == RouterRunning && !n.byFlag {
		r.Draining = len(n.alive())
	}
	return r, nil
}

// Examine implements Router.
func (p *process) Examine(ctx context.Context, route Route, drain time.Duration) ([]Finding, error) {
	if err := p.ask(ctx); err != nil {
		return nil, err
	}
	if route.State == RouterAbsent {
		p.breaks("an nginx that was not found is examined")
	}
	return p.nginx.examined, p.nginx.examineFails
}

// TryRestart implements Router.
func (p *process) TryRestart(ctx context.Context, _ Route) ([]Finding, error) {
	if err := p.ask(ctx); err != nil {
		return nil, err
	}
	return p.nginx.restarted, nil
}

// Plan implements Router.
func (p *process) Plan(route Route, dir *Directory, to Colour) (Change, error) {
	c := Change{To: to, Nginx: route.Nginx, Unloaded: p.nginx.byFlag}
	switch {
	case route.Refusal != nil:
		return c, route.Refusal
	case len(route.Points) == 0:
		return c, Refuse(SwitchPointNotFound, "nothing names an address of either colour")
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
	if c.Points > 0 {
		p.mu.Lock()
		defer p.mu.Unlock()
		c.Files = []FileChange{{Path: confFile, Old: []byte(p.nginx.disk), New: []byte(turned(p.nginx.disk, to))}}
		c.Diff = "-" + p.nginx.disk + "+" + turned(p.nginx.disk, to)
	}
	return c, nil
}

// turned is the smallest edit that makes a configuration name a colour.
func turned(conf string, to Colour) string {
	return strings.ReplaceAll(conf, "-"+string(to.Other())+":", "-"+string(to)+":")
}

// Rehearse implements Router.
func (p *process) Rehearse(ctx context.Context, change Change, started <-chan struct{}) error {
	select {
	case <-started:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := p.change(ctx, "rehearse "+string(change.To), p.help); err != nil {
		return err
	}
	if err := pause(ctx, 300*time.Millisecond+p.nginx.rehearsing); err != nil {
		return err
	}
	if p.nginx.state == RouterRunning && p.nginx.disk != p.nginx.loaded {
		return Refuse(ConfigNotLoaded, "%s was changed after nginx loaded it", confFile)
	}
	if p.nginx.rejects != "" {
		return Refuse(NginxTestFailed, "%s", p.nginx.rejects)
	}
	return nil
}

// Moved implements Router.
func (p *process) Moved(ctx context.Context, _ Change) error {
	if err := p.ask(ctx); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.help()
	if p.nginx.movedThere {
		return Refuse(ConfigNotLoaded, "%s was put there later than nginx loaded it", confFile)
	}
	return nil
}

func (p *process) help() { p.helped, p.helpers[p] = true, true }

// Reach implements Router.
func (p *process) Reach(ctx context.Context, targets []Target) error {
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
			return Refuse(NotReachable, "%s leads to no container", t.Endpoint.Address())
		}
		if p.nginx.deadPort {
			c := t.Containers[0]
			return &RefusedError{Reasons: []Reason{{Code: NotReachable, Service: c.Service, Container: c.Name, ContainerID: c.ID, Message: "connection refused"}}}
		}
	}
	return nil
}

// Approach implements Router.
func (p *process) Approach(ctx context.Context, change Change, targets []Target) (Standing, error) {
	now := Standing{Fate: FateUntouched}
	if !change.Empty() {
		var err error
		if now.Fate, err = p.Compare(ctx, change); err != nil || now.Fate != FateUntouched {
			return now, err
		}
	}
	p.near = true
	if err := p.Reach(ctx, targets); err != nil {
		return now, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.nginx.state == RouterRunning {
		now.Workers = []int{p.nginx.generation}
	}
	return now, nil
}

// approached holds that every switch is approached.
func (p *process) approached() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.near {
		p.breaks("nginx is switched without an approach")
	}
	p.near = false
}

// Switch implements Router.
func (p *process) Switch(ctx context.Context, change Change, targets []Target) (Switched, error) {
	p.approached()
	if len(change.Files) > 0 {
		if err := p.write(ctx, string(change.Files[0].New)); err != nil {
			return Switched{}, p.takeBack(ctx, change, err)
		}
	}
	if err := pause(ctx, 50*time.Millisecond); err != nil { // nginx tests it
		return Switched{}, p.takeBack(ctx, change, context.Cause(ctx))
	}
	if err := p.reload(ctx); err != nil {
		return Switched{}, p.takeBack(ctx, change, err)
	}
	if err := pause(ctx, 100*time.Millisecond); err != nil {
		return Switched{}, p.takeBack(ctx, change, err)
	}
	if p.nginx.stray {
		return Switched{}, p.takeBack(ctx, change, Refuse(NotReachable, "the name leads to a stranger"))
	}
	return Switched{Nginx: "edge", At: time.Now(), Points: change.Points, Files: []string{confFile}, OldWorkers: 1, NewWorkers: 1}, nil
}

func (p *process) write(ctx context.Context, conf string) error {
	return p.change(ctx, "write "+string(colourIn(conf)), func() { p.nginx.disk = conf })
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

func (p *process) takeBack(ctx context.Context, change Change, cause error) error {
	failed := &NotSwitchedError{Err: cause, Reason: Reason{Code: NginxNotSwitched, Message: cause.Error()}}
	if errors.Is(context.Cause(ctx), ErrLeaseLost) {
		failed.Applied, failed.Restored = true, ErrLeaseLost
		return failed
	}
	ctx = context.WithoutCancel(ctx)
	var refused *RefusedError
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
func (p *process) putBack(ctx context.Context, file FileChange, always bool) (applied bool, err error) {
	p.mu.Lock()
	there, loaded := p.nginx.disk, p.nginx.loaded
	p.mu.Unlock()
	if there == string(file.New) {
		if err := p.write(ctx, string(file.Old)); err != nil {
			return true, err
		}
	} else if there != string(file.Old) {
		return true, errors.New("the bytes there are somebody else's")
	}
	if p.nginx.state == RouterRunning && (always || loaded == string(file.New)) {
		return true, p.reload(ctx)
	}
	return false, nil
}

// Start implements Router.
func (p *process) Start(ctx context.Context, change Change, targets []Target) (Switched, error) {
	if p.nginx.state == RouterRunning {
		return p.Switch(ctx, change, targets)
	}
	p.approached()
	if len(change.Files) > 0 {
		if err := p.write(ctx, string(change.Files[0].New)); err != nil {
			return Switched{}, p.takeBack(ctx, change, err)
		}
	}
	err := p.change(ctx, "start nginx", func() {
		if !p.nginx.wontStart {
			p.nginx.state, p.nginx.loaded = RouterRunning, p.nginx.disk
			p.serves(p.nginx.loaded)
		}
	})
	if err == nil && p.nginx.wontStart {
		err = errors.New("no worker appeared")
	}
	if err != nil {
		return Switched{}, p.takeBack(ctx, change, err)
	}
	return Switched{Nginx: "edge", At: time.Now(), NewWorkers: 1}, nil
}

// Drain implements Router.
func (p *process) Drain(ctx context.Context, old []Container, left func(Left)) error {
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
	if p.nginx.state == RouterAbsent {
		p.breaks("an nginx that was not found is drained")
	}
	return len(p.nginx.alive())
}

// Compare implements Router. It knows times by the second only.
func (p *process) Compare(ctx context.Context, change Change) (Fate, error) {
	if err := p.ask(ctx); err != nil {
		return "", err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	n, f := &p.nginx, change.Files[0]
	switch {
	case n.state == RouterAbsent:
		return FateGone, nil
	case n.disk == string(f.Old):
		return FateUntouched, nil
	case n.disk != string(f.New):
		return FateForeign, nil
	case n.state == RouterRunning && n.loaded == string(f.New) &&
		(time.Since(n.loadedAt) > 2*time.Second || change.Workers != nil && !slices.Contains(change.Workers, n.generation)):
		return FateLoaded, nil
	}
	return FateWritten, nil
}

// Restore implements Router.
func (p *process) Restore(ctx context.Context, change Change) error {
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
	return !p.nginxGone && (nginx != `container "edge"` || p.nginx.state != RouterAbsent), err
}

// Close implements Router.
func (p *process) Close(ctx context.Context) error {
	if !p.helped {
		return nil
	}
	return p.change(ctx, "close", func() { p.helped = false; delete(p.helpers, p) })
}

// left has one stream for each worker that leaves, to the first of the old containers.
func (n *proxy) left(alive int, old []Container) Left {
	l := Left{Workers: alive}
	if len(old) > 0 && n.counts {
		l.Open = []Open{{Container: old[0].Name, Connections: alive, Oldest: time.Minute}}
	}
	return l
}

// Follow implements Router.
func (p *process) Follow(ctx context.Context, _ Change) error {
	if err := p.ask(ctx); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.nginx.state != RouterRunning {
		return &UnreachableError{What: "nginx", Err: errors.New("it does not run")}
	}
	p.helped, p.helpers[p] = true, true
	return nil
}
