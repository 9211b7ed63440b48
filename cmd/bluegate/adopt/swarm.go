package adopt

import (
	"slices"
	"strings"
)

// Swarm is what an engine says of its Swarm.
type Swarm struct {
	Manager bool     // it is a manager of one
	Stacks  []string // that run
}

// InSwarm are the proposals in which each colour is a stack, where that is how the application runs or is meant to: the
// engine is a manager, no container of Compose's runs from the folder, and stacks of the colours run or the Compose files
// have deploy sections.
func (f *Folder) InSwarm() (all []Proposal) {
	files := f.pair()
	if !f.Swarm.Manager || files == nil || len(f.Truth.Of(f.Path)) > 0 {
		return nil
	}
	var names []string
	for _, stack := range f.Swarm.Stacks {
		if name, ok := strings.CutSuffix(colourPattern(stack), "-{colour}"); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 && f.deploys(files) && f.Name != "" {
		names = []string{f.Name}
	}
	for _, name := range names {
		all = append(all, Proposal{Swarm: true, Name: name, Files: f.unlessConventional(files), Services: f.ownServices(files)})
	}
	return all
}

// deploys says whether any of the files has a deploy section.
func (f *Folder) deploys(patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		c := f.compose[expandColour(p, "blue")]
		return c != nil && c.Deploys
	})
}

// ownServices are the services that a colour has of its own, if there are others in its files.
func (f *Folder) ownServices(patterns []string) (names []string) {
	shared := false
	for _, p := range patterns {
		c := f.compose[expandColour(p, "blue")]
		if c == nil {
			return nil
		}
		for _, s := range c.Services {
			if s.shared() {
				shared = true
			} else if name := colourPattern(s.Name); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	if !shared {
		return nil
	}
	return names
}
