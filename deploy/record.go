package deploy

import (
	"slices"
	"time"

	"bluegate/deploy/gate"
)

// Record is a release that users were served, and what going back to it takes. Nothing in it can be secret: what a
// container was given (environment, command line, labels) stays with the engine, in what Stack.Keep makes.
type Record struct {
	Release string    `json:"release"`
	Colour  Colour    `json:"colour"`
	At      time.Time `json:"at"`           // when it was made live; zero: not known
	By      string    `json:"by,omitempty"` // user@host
	// Adopted says that somebody else had started it, so that its containers carry no label of ours.
	Adopted bool `json:"adopted,omitempty"`
	// Instead is the release from which users were brought back to this one: a rollback is not rolled back.
	Instead string `json:"instead,omitempty"`
	// Model is the colour as it ran, which the Compose files may not describe any more.
	Model Model  `json:"model"`
	Kept  []Kept `json:"kept,omitempty"` // empty while it has not retired
}

// Kept is one container of a release that retired.
type Kept struct {
	Service string `json:"service"`
	Name    string `json:"name"`
	ID      string `json:"id"`
	Image   string `json:"image"`  // as the Compose file calls it
	Digest  string `json:"digest"` // the image's id, whatever the tag names by now
	Policy  string `json:"policy"` // its restart policy, before that was taken away
}

// remembered is how many promoted releases the journal describes.
const remembered = 5

// held is how many of them the engine holds: the one that is live, and the one that rollback goes back to.
const held = 2

// owns says whether a container is one of the release: as it was kept, or made anew of what was kept.
func (rec Record) owns(c Container) bool {
	return slices.ContainsFunc(rec.Kept, func(k Kept) bool {
		return k.ID == c.ID || c.Release == rec.Release && k.Name == c.Name && k.Digest == c.Digest
	})
}

// retiring describes the old colour: the release that it was made live as, or, when somebody else started it or changed
// it since, one that is adopted. One-shots have done their work and are not kept.
func (r *run) retiring(old []Container) Record {
	now := r.describe(r.report.From)
	rec := r.recordOf(r.report.From, old)
	rec.Model, rec.Kept = now.Model, now.Kept
	return rec
}

// recordOf finds the record of a release by its containers, or begins one.
func (r *run) recordOf(colour Colour, containers []Container) Record {
	label := ""
	for _, c := range containers {
		label = c.Release
	}
	if slices.ContainsFunc(containers, func(c Container) bool { return c.Release != label }) {
		label = "" // somebody made some of them anew
	}
	for _, known := range r.journal.Releases {
		again := known.Kept != nil && !slices.ContainsFunc(containers, func(c Container) bool { return !known.owns(c) })
		if known.Colour == colour && (label != "" && known.Release == label || again) {
			return known
		}
	}
	if label != "" { // its journal was lost
		return Record{Release: label, Colour: colour}
	}
	return Record{Release: NewReleaseID(time.Now()), Colour: colour, Adopted: true}
}

// asRun is a colour as its containers are, not as the files describe it by now.
func (m Model) asRun(containers []Container) Model {
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
			s.Replicas, s.Build, s.PullPolicy = n, false, policyNever
			services = append(services, s)
		}
	}
	m.Services = services
	for i, s := range m.Services {
		m.Services[i].After = slices.DeleteFunc(slices.Clone(s.After), func(d gate.Dependency) bool {
			_, there := m.Service(d.Service)
			return !there
		})
	}
	return m
}

// promote puts the release that is live now at the head of the records, and the one that retired behind it. What it
// brought is to be pruned one day; so are the images of a release that falls behind these two, once they have lost
// their names.
func (j *Journal) promote(e *Entry, now time.Time) {
	live := Record{Release: e.Release, Colour: e.To}
	if e.Back != nil {
		live = *e.Back
		live.Instead = e.Instead
	}
	live.At, live.By = now, e.By
	records := []Record{live}
	if e.Old != nil {
		records = append(records, *e.Old)
	}
	for _, rec := range j.Releases {
		if slices.ContainsFunc(records, func(r Record) bool { return r.Release == rec.Release }) {
			continue
		}
		if records = append(records, rec); len(records) > held {
			for _, k := range rec.Kept {
				j.Brought = append(j.Brought, BroughtImage{ID: k.Digest})
			}
		}
	}
	j.Releases = records[:min(len(records), remembered)]
	j.bring(e.Images)
}

// used notes the images of a release that did not pass. One that was built under the same tag as the next loses its name
// to that, and nobody could mean it any more.
func (j *Journal) used(containers []Container) {
	for _, c := range containers {
		if img := (BroughtImage{ID: c.Digest}); c.Digest != "" && !slices.Contains(j.Brought, img) {
			j.Brought = append(j.Brought, img)
		}
	}
}

// bring notes images that are to be pruned once nothing uses them.
func (j *Journal) bring(images []BroughtImage) {
	for _, img := range images {
		if img.ID != "" && img.ID != img.Before {
			j.Brought = append(j.Brought, BroughtImage{Ref: img.Ref, ID: img.ID})
		}
	}
}
