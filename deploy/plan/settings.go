package plan

import (
	"time"

	"bluegate/deploy/check"
	"bluegate/deploy/judge"
	"bluegate/deploy/model"
)

// Settings are what the user chose. The zero value is not usable: see DefaultSettings.
type Settings struct {
	To      model.Colour  // None: the idle one
	Timeout time.Duration // 0: from the healthchecks
	Stable  time.Duration
	// RunningSuffices lets a service without a healthcheck pass by running.
	RunningSuffices bool
	// RunningServices are services for which the same holds: by name, or by name without the colour.
	RunningServices []string
	NoPull          bool
	// Set are the variables of this deployment alone, as NAME=VALUE, without secrets.
	Set          []string
	Keep         model.Keep
	DrainTimeout time.Duration
	// DrainThenStop stops the old colour also when the drain's time is over: the user's own exception to the first rule.
	DrainThenStop bool
	// Cut has settle stop the idle colour although connections are open to it.
	Cut      bool
	WaitLock time.Duration
	// UntilPreview ends a deployment before its switch: the release waits for at most PreviewTimeout to be promoted.
	UntilPreview   bool
	PreviewTimeout time.Duration
	// Testers get a release that waits through nginx; nil: nobody does.
	Testers *model.Testers
	// Replace lets a command give up the release that waits.
	Replace bool
	// Leaving is the release that a rollback is to leave; it is refused if another one is live. Empty: any.
	Leaving string
	// TryRestart lets the doctor start a copy of nginx.
	TryRestart bool
	// Checks are asked of a colour before it gets users, in its bake, and by health.
	Checks map[model.Colour][]check.Check
	Bake   Bake
	Hooks  map[model.Colour]model.Hooks
	// Judge are the limits by which the requests of users judge a release in its canary and its bake; nil: they do not.
	Judge *judge.Limits
	// CanaryBy is by what a canary tells clients apart; empty: there is none.
	CanaryBy string
}

// DefaultSettings are those of a run without configuration.
func DefaultSettings() Settings {
	return Settings{Stable: 5 * time.Second, Keep: model.KeepStopped, DrainTimeout: time.Minute, PreviewTimeout: time.Hour}
}

// Bake is the time after the switch in which both colours run and the new one can still lose.
type Bake struct {
	For time.Duration // 0: none
	// Checks are asked in the bake in addition to those before the switch: through nginx, as users do.
	Checks map[model.Colour][]check.Check
}
