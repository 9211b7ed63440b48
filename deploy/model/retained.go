package model

import (
	"slices"
	"time"

	"bluegate/deploy/gate"
)

// ReleaseRecord is a release that users were served, and what going back to it takes. Nothing in it can be secret: what a
// container was given (environment, command line, labels) stays with the engine, in what Archive.Keep makes.
type ReleaseRecord struct {
	Release string    `json:"release"`
	Colour  Colour    `json:"colour"`
	At      time.Time `json:"at"`           // when it was made live; zero: not known
	By      string    `json:"by,omitempty"` // user@host
	// Set are the variables that were given to its deployment alone, as NAME=VALUE, without secrets.
	Set []string `json:"set,omitempty"`
	// Adopted says that someone else had started it, so that its containers carry no label of bluegate.
	Adopted bool `json:"adopted,omitempty"`
	// Instead is the release from which users were brought back to this one: a rollback is not rolled back.
	Instead string `json:"instead,omitempty"`
	// Model is the colour as it ran, which the Compose files may not describe any more.
	Model Model               `json:"model"`
	Kept  []RetainedContainer `json:"kept,omitempty"` // empty while it has not retired
}

// RetainedContainer is one container of a release that retired.
type RetainedContainer struct {
	Service string `json:"service"`
	Name    string `json:"name"`
	ID      string `json:"id"`
	Image   string `json:"image"`  // as the Compose file calls it
	Digest  string `json:"digest"` // the image's id, whatever the tag names by now
	Policy  string `json:"policy"` // its restart policy, before that was taken away
}

// RememberedReleases is how many promoted releases the journal describes.
const RememberedReleases = 5

// KeptReleases is how many of them the engine holds: the one that is live, and the one that rollback goes back to.
const KeptReleases = 2

// Owns says whether a container is one of the release: as it was kept, or recreated from what was kept.
func (rec ReleaseRecord) Owns(c Container) bool {
	return slices.ContainsFunc(rec.Kept, func(k RetainedContainer) bool {
		return k.ID == c.ID || c.Release == rec.Release && k.Name == c.Name && k.Digest == c.Digest
	})
}

// AsRun is a colour as its containers are, not as the files describe it by now.
func (m Model) AsRun(containers []Container) Model {
	var services []Service
	for _, s := range m.Services {
		n := 0
		for _, c := range containers {
			if c.Service != s.Name {
				continue
			}
			n++
			s.Image, s.Probe, s.ProbeDisabled = c.Image, c.Probe, false
		}
		if n > 0 && !s.OneShot {
			s.Replicas, s.Build, s.PullPolicy = n, false, PolicyNever
			services = append(services, s)
		}
	}
	m.Services = services
	return m.Without(func(Service) bool { return false })
}

// Without is the model without some of its services. Nothing in it depends on one that is not there. m itself is not changed.
func (m Model) Without(gone func(Service) bool) Model {
	m.Services = slices.DeleteFunc(slices.Clone(m.Services), gone)
	for i, s := range m.Services {
		m.Services[i].After = slices.DeleteFunc(slices.Clone(s.After), func(d gate.Dependency) bool {
			_, there := m.Service(d.Service)
			return !there
		})
	}
	return m
}

// Promote puts the release that is live now at the head of the records, and the one that retired after it. What it brought is
// to be pruned one day; so are the images of older releases, once they have lost their names. The entry stays under way until
// Close.
func (j *Journal) Promote(e *Entry, now time.Time) {
	live := ReleaseRecord{Release: e.Release, Colour: e.To, Set: e.Set}
	if e.Back != nil {
		live = *e.Back
		live.Instead = e.Instead
	}
	live.At, live.By = now, e.By
	records := []ReleaseRecord{live}
	if e.Old != nil {
		records = append(records, *e.Old)
	}
	for _, rec := range j.Releases {
		if slices.ContainsFunc(records, func(r ReleaseRecord) bool { return r.Release == rec.Release }) {
			continue
		}
		if records = append(records, rec); len(records) > KeptReleases {
			for _, k := range rec.Kept {
				j.Brought = append(j.Brought, PulledImage{ID: k.Digest})
			}
		}
	}
	j.Releases = records[:min(len(records), RememberedReleases)]
	j.Bring(e.Images)
}

// Used notes the images of a release that did not pass. One that was built under the same tag as the next loses its name
// to that, and nobody could mean it any more.
func (j *Journal) Used(containers []Container) {
	for _, c := range containers {
		if img := (PulledImage{ID: c.Digest}); c.Digest != "" && !slices.Contains(j.Brought, img) {
			j.Brought = append(j.Brought, img)
		}
	}
}

// Bring notes images that are to be pruned once nothing uses them.
func (j *Journal) Bring(images []PulledImage) {
	for _, img := range images {
		if img.ID != "" && img.ID != img.Before {
			j.Brought = append(j.Brought, PulledImage{Ref: img.Ref, ID: img.ID})
		}
	}
}

// The ways to keep an old colour.
const (
	KeepStopped Keep = "stopped"
	KeepRunning Keep = "running"
	KeepRemoved Keep = "removed"
)

// Keep is what becomes of the old colour's containers.
type Keep string
