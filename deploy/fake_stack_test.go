package deploy

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"bluegate/deploy/model"
)

// Load implements Stack.
func (p *process) Load(ctx context.Context) (model.Application, error) {
	app := p.app
	app.Models = maps.Clone(app.Models)
	return app, p.ask(ctx)
}

// Require implements Stack.
func (p *process) Require(ctx context.Context, _ model.Model) error { return p.ask(ctx) }

// Containers implements Stack.
func (p *process) Containers(ctx context.Context, _ model.Application) ([]model.Container, error) {
	if err := p.ask(ctx); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []model.Container
	for _, b := range p.boxes {
		all = append(all, b.inspect())
	}
	return all, nil
}

// Images implements Stack.
func (p *process) Images(ctx context.Context, m model.Model) ([]model.Image, error) {
	if err := p.ask(ctx); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []model.Image
	for _, s := range m.Services {
		id := p.imageID(s.Image)
		all = append(all, model.Image{Service: s.Name, Ref: s.Image, ID: id, FromPull: id != "" && (p.allPulled || !p.loaded[id]), Probe: p.probes[id]})
	}
	return all, nil
}

// Pull implements Stack.
func (p *process) Pull(ctx context.Context, m model.Model, services []string, _ func(model.Transfer)) error {
	for _, name := range services {
		s, _ := m.Service(name)
		if err := p.change(ctx, "pull "+name, func() {
			if p.pullFails == nil && p.registrySilent == nil && p.registry[s.Image] != "" {
				p.tags[s.Image] = p.registry[s.Image]
			}
		}); err != nil {
			return err
		}
		if err := cmp.Or(p.pullFails, p.registrySilent); err != nil {
			return err
		}
		if p.registry[s.Image] == "" {
			return errors.New("manifest unknown")
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// Offered implements Stack.
func (p *process) Offered(ctx context.Context, ref string) error {
	if err := p.ask(ctx); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.registrySilent == nil && p.registry[ref] == "" {
		return &model.NotOfferedError{Err: errors.New("manifest unknown")}
	}
	return p.registrySilent
}

// Build implements Stack.
func (p *process) Build(ctx context.Context, m model.Model, services []string, _ func(model.Transfer)) error {
	for _, name := range services {
		s, _ := m.Service(name)
		if err := p.change(ctx, "build "+name, func() {
			if p.buildFails == nil {
				p.tags[s.Image] = p.builds[s.Image]
				p.loaded[p.builds[s.Image]] = true
			}
		}); err != nil {
			return err
		}
		if p.buildFails != nil {
			return p.buildFails
		}
	}
	return nil
}

// Up implements Stack. Like the engine, it continues creating when its caller has gone away.
func (p *process) Up(ctx context.Context, m model.Model, release string, created func(context.Context) error) error {
	p.busy.Add(1)
	defer p.busy.Add(-1)
	var made []*fakeContainer
	for _, s := range m.Services {
		for range s.Replicas {
			if err := p.change(context.WithoutCancel(ctx), "create "+s.Name, func() { made = append(made, p.create(s, m.Colour, release)) }); err != nil {
				return err
			}
			time.Sleep(100 * time.Millisecond)
			if p.createFails != nil {
				return p.createFails
			}
		}
	}
	if err := created(ctx); err != nil {
		return err
	}
	for _, b := range made {
		if err := p.change(ctx, "start "+b.Service, func() { b.began = time.Now(); p.looksFor(b) }); err != nil {
			return err
		}
	}
	if err := pause(ctx, p.upTakes); err != nil {
		return err
	}
	return p.upFails
}

// Watch implements Stack.
func (p *process) Watch(ctx context.Context, m model.Model, release string) <-chan model.ContainerEvent {
	out := make(chan model.ContainerEvent)
	go func() {
		defer close(out)
		known := map[string]string{}
		for ctx.Err() == nil {
			for _, seen := range p.news(m, release, known) {
				select {
				case out <- seen:
				case <-ctx.Done():
				}
			}
			_ = pause(ctx, 100*time.Millisecond)
		}
	}()
	return out
}

// news is what changed since the last look.
func (p *process) news(m model.Model, release string, known map[string]string) (all []model.ContainerEvent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.dead:
		return []model.ContainerEvent{{Trouble: errors.New("wakes a killed process up, so that it ends")}}
	case p.isSilent():
		return []model.ContainerEvent{{Trouble: &model.UnreachableError{What: "the engine", Err: errors.New("unexpected EOF")}}}
	case !p.blind.IsZero() && time.Now().After(p.blind):
		return nil
	}
	there := map[string]bool{}
	for _, b := range p.boxes {
		if b.Release != release || b.Colour != m.Colour {
			continue
		}
		there[b.ID] = true
		s := b.sample()
		if text := sprintf("%s %s %d %d %v", s.State, s.Health, s.FailingStreak, s.RestartCount, s.OOMKilled); known[b.ID] != text {
			known[b.ID] = text
			all = append(all, model.ContainerEvent{Sample: s})
		}
	}
	for id := range known {
		if !there[id] {
			delete(known, id)
			all = append(all, model.ContainerEvent{Gone: id})
		}
	}
	return all
}

// LogTail implements Stack.
func (p *process) LogTail(ctx context.Context, id string, _ int) ([]string, error) {
	if err := p.ask(ctx); err != nil {
		return nil, err
	}
	if p.logFails != nil {
		return nil, p.logFails
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.boxes, func(b *fakeContainer) bool { return b.ID == id })
	if i < 0 {
		return nil, errors.New("no such container")
	}
	return []string{"last words of " + p.boxes[i].Name}, nil
}

// Retire implements Stack.
func (p *process) Retire(ctx context.Context, containers []model.Container) error {
	for _, c := range containers {
		if err := p.change(ctx, "retire "+c.Name, func() {
			if b := p.end(c.Name); b != nil {
				b.RestartPol = "no"
				if b.stopped.IsZero() {
					b.stopped = time.Now()
				}
			}
		}); err != nil {
			return err
		}
	}
	if p.preStopFails != nil {
		return &model.StopHookError{Err: p.preStopFails}
	}
	if p.stopTakes == 0 {
		return nil
	}
	return pause(ctx, p.stopTakes)
}

// Remove implements Stack.
func (p *process) Remove(ctx context.Context, containers []model.Container) error {
	for _, c := range containers {
		if err := p.change(ctx, "remove "+c.Name, func() {
			if p.busy.Load() > 0 {
				p.breaks("%s is removed while the release is still being brought up", c.Name)
			}
			if p.end(c.Name) != nil {
				p.boxes = slices.DeleteFunc(p.boxes, func(b *fakeContainer) bool { return b.ID == c.ID })
			}
		}); err != nil {
			return err
		}
	}
	if p.preStopFails != nil {
		return &model.StopHookError{Err: p.preStopFails}
	}
	return nil
}

// RemoveImages implements Stack.
func (p *process) RemoveImages(ctx context.Context, images []model.PulledImage) (removed []string, err error) {
	for _, img := range images {
		p.mu.Lock()
		now := p.tags[img.Ref]
		used := slices.ContainsFunc(p.boxes, func(b *fakeContainer) bool { return b.Digest == now })
		p.mu.Unlock()
		if now == "" || now == img.Before || used {
			continue
		}
		if err := p.change(ctx, "give back "+img.Ref, func() {
			if p.tags[img.Ref] = img.Before; img.Before == "" {
				delete(p.tags, img.Ref)
			}
		}); err != nil {
			return removed, err
		}
		removed = append(removed, img.Ref)
	}
	return removed, nil
}
