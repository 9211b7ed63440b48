package incontainer

import (
	"sync"
)

// agentHolder is the agent, started if there is none. Several questions may be the first.
type agentHolder struct {
	following sync.Mutex // one looks whether nginx was restarted
	starting  sync.Mutex
	mu        sync.Mutex // of the rest
	help      *agentContainer
	attached  bool // there was one next to an nginx that ran
}

func (a *agentHolder) set(help *agentContainer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.help = help
	a.attached = a.attached || help.root.Load() != 0
}

// take moves the agent elsewhere.
func (a *agentHolder) take() *agentContainer {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	help := a.help
	a.help = nil
	return help
}

// drop forgets one agent, and no other that has taken its place meanwhile.
func (a *agentHolder) drop(help *agentContainer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.help == help {
		a.help = nil
	}
}

func (a *agentHolder) now() *agentContainer {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.help
}

func (a *agentHolder) wasAttached() bool {
	if a == nil {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.attached
}
