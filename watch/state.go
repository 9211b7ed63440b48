package watch

import (
	"time"

	"bluegate/deploy/model"
)

// State is what is known at one moment. It is a value: nobody changes it after it was handed out.
type State struct {
	Project string    `json:"project"`
	At      time.Time `json:"at"`
	Started time.Time `json:"started"` // when the watch started
	// Deploying is set while a deployment is under way: nothing is alarmed then.
	Deploying *Deploying `json:"deploying"`
	// Live is the colour that users are served; None where it is not known, or where there are no colours: see LiveBy.
	Live    model.Colour  `json:"live"`
	LiveBy  string        `json:"live_by"`
	Colours []ColourState `json:"colours"` // empty: only watch.checks is set
	// Preview is the release that waits to be promoted; nil: none does.
	Preview *Preview     `json:"preview,omitempty"`
	Checks  []CheckState `json:"checks"`
	// Trouble is what the watch itself suffers from: an engine that does not answer, a history that is full.
	Trouble []string     `json:"trouble"`
	Healing HealingState `json:"healing"`
}

// Deploying is a deployment that is under way.
type Deploying struct {
	Command string    `json:"command"`
	Release string    `json:"release"`
	By      string    `json:"by"` // user@host
	Since   time.Time `json:"since"`
}

// Preview is a release that waits to be promoted.
type Preview struct {
	Release string       `json:"release"`
	Colour  model.Colour `json:"colour"`
	Since   time.Time    `json:"since"`
	Until   time.Time    `json:"until"`
}

// ColourState is one colour.
type ColourState struct {
	Colour     model.Colour     `json:"colour"`
	Live       bool             `json:"live"`
	Release    string           `json:"release,omitempty"`
	Containers []ContainerState `json:"containers"`
}

// ContainerState is one container of a colour.
type ContainerState struct {
	ID       string `json:"-"`
	Service  string `json:"service"`
	Name     string `json:"name"`
	Image    string `json:"image"`
	Digest   string `json:"digest"`
	State    string `json:"state"`  // Docker's: running, exited …
	Health   string `json:"health"` // Docker's: healthy, unhealthy, starting, none
	Restarts int    `json:"restarts"`
	Problem  string `json:"problem,omitempty"` // why it is not healthy, without secrets
}

// CheckState is a check, its verdict, and its last sample.
type CheckState struct {
	Check
	Verdict Verdict   `json:"verdict"`
	Since   time.Time `json:"since"` // of the verdict; zero: it has none yet
	Why     string    `json:"why,omitempty"`
	Last    *Sample   `json:"last"` // nil: it was not measured yet
}

// HealingState says what healing has done, and whether it will do more.
type HealingState struct {
	On       string `json:"on_unhealthy"` // nothing, restart or rollback
	Restarts int    `json:"restarts"`     // within the time of the budget
	// Stopped is why nothing more is healed, until the next deployment; empty: it continues.
	Stopped string `json:"stopped,omitempty"`
}
