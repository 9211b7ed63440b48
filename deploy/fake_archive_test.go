package deploy

import (
	"context"
	"maps"
	"slices"
	"time"

	"bluegate/deploy/model"
)

// Keep implements Archive.
func (p *process) Keep(ctx context.Context, _ string, rec model.ReleaseRecord) error {
	p.mu.Lock()
	done := slices.Equal(p.archive[rec.Release], rec.Kept)
	p.mu.Unlock()
	if done {
		return p.ask(ctx)
	}
	return p.change(ctx, "keep "+string(rec.Colour), func() {
		if e := p.book().Current; e == nil || e.Old == nil || e.Old.Release != rec.Release {
			p.breaks("release %s is kept before the journal says so", rec.Release)
		}
		p.archive[rec.Release] = slices.Clone(rec.Kept)
	})
}

// RestoreRestart implements Archive.
func (p *process) RestoreRestart(ctx context.Context, containers []model.RetainedContainer) error {
	for _, k := range containers {
		if err := p.change(ctx, "restore restart "+k.Name, func() {
			for _, b := range p.boxes {
				if b.ID == k.ID {
					b.RestartPol = k.Policy
				}
			}
		}); err != nil {
			return err
		}
	}
	return nil
}

// Held implements Archive.
func (p *process) Held(ctx context.Context, _ string, rec model.ReleaseRecord) (missing []model.RetainedContainer, err error) {
	if err := p.ask(ctx); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range rec.Kept {
		if !slices.ContainsFunc(p.archive[rec.Release], func(held model.RetainedContainer) bool { return held.Name == k.Name }) {
			missing = append(missing, k)
		}
	}
	return missing, nil
}

// Revive implements Archive.
func (p *process) Revive(ctx context.Context, _ string, rec model.ReleaseRecord, created func(context.Context) error) error {
	p.busy.Add(1)
	defer p.busy.Add(-1)
	for _, k := range rec.Kept {
		b := p.find(k.Name)
		if b == nil {
			if err := p.change(context.WithoutCancel(ctx), "remake "+k.Service, func() { b = p.remake(rec, k) }); err != nil {
				return err
			}
			if p.createFails != nil {
				return p.createFails
			}
		}
	}
	if err := created(ctx); err != nil {
		return err
	}
	for _, k := range rec.Kept {
		b := p.find(k.Name)
		if b.runs() {
			continue
		}
		if err := p.change(ctx, "revive "+k.Service, func() {
			b.began, b.stopped, b.RestartPol = time.Now(), time.Time{}, k.Policy
			p.looksFor(b)
			if said, ok := p.lives[b.Name]; ok {
				b.life = said
			}
		}); err != nil {
			return err
		}
	}
	return pause(ctx, p.upTakes)
}

func (w *fakeEngine) find(name string) *fakeContainer {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := slices.IndexFunc(w.boxes, func(b *fakeContainer) bool { return b.Name == name }); i >= 0 {
		return w.boxes[i]
	}
	return nil
}

// remake makes a container of what was kept, whatever its tag names by now.
func (w *fakeEngine) remake(rec model.ReleaseRecord, k model.RetainedContainer) *fakeContainer {
	s, _ := rec.Model.Service(k.Service)
	b := w.create(s, rec.Colour, rec.Release)
	b.Name, b.Digest, b.RestartPol = k.Name, k.Digest, "no"
	return b
}

// Forget implements Archive.
func (p *process) Forget(ctx context.Context, _ string, but []string) error {
	p.mu.Lock()
	var old []string
	for release := range p.archive {
		if !slices.Contains(but, release) {
			old = append(old, release)
		}
	}
	p.mu.Unlock()
	if len(old) == 0 {
		return p.ask(ctx)
	}
	return p.change(ctx, "forget", func() {
		maps.DeleteFunc(p.archive, func(release string, _ []model.RetainedContainer) bool { return slices.Contains(old, release) })
	})
}

// Prune implements Archive.
func (p *process) Prune(ctx context.Context, images []model.PulledImage) (removed []string, left []model.PulledImage, err error) {
	if err := p.ask(ctx); err != nil {
		return nil, images, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, img := range images {
		switch {
		case p.uses(img.ID):
			left = append(left, img)
		case img.Ref != "":
			removed = append(removed, img.Ref)
			if p.pruned[img.ID] = true; p.tags[img.Ref] == img.ID {
				delete(p.tags, img.Ref)
			}
		}
	}
	return removed, left, nil
}

// uses says whether a container, or what is kept of one, is of an image.
func (w *fakeEngine) uses(id string) bool {
	for _, kept := range w.archive {
		if slices.ContainsFunc(kept, func(k model.RetainedContainer) bool { return k.Digest == id }) {
			return true
		}
	}
	return slices.ContainsFunc(w.boxes, func(b *fakeContainer) bool { return b.Digest == id })
}

// policy is the restart policy that the journal remembers of a container that retired.
func (w *fakeEngine) policy(name string) string {
	for _, rec := range w.book().Releases {
		for _, k := range rec.Kept {
			if k.Name == name {
				return k.Policy
			}
		}
	}
	return ""
}
