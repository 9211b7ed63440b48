package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// stepWords says in the words of the user what is done in a step. NEW is the colour that becomes live, OLD the other one.
var stepWords = map[string]string{
	"lock": "taking the lock", "settle": "settling what an earlier run left", "observe": "looking at what runs", "plan": "planning",
	"examine": "examining nginx's configuration", "try-restart": "trying a restart in a copy of nginx",
	"pull": "pulling", "build": "building", "replace": "clearing NEW", "up": "starting NEW", "rehearse": "testing nginx's new configuration",
	"checks": "asking the checks", "switch": "switching nginx to NEW", "bake": "baking: watching NEW with users on it",
	"keep": "keeping OLD for a rollback", "drain": "draining OLD", "retire": "stopping OLD",
	"try": "asking the paths of the load", "switch-back": "switching nginx back to OLD", "drain-back": "draining NEW", "remove": "removing NEW",
	"abandon": "undoing: NEW is removed", "rollback": "undoing: nginx goes back to OLD",
}

// words says what is done in a step.
func words(step string, o model.Overview) string {
	text, known := stepWords[step]
	if !known {
		return "running the hook " + step
	}
	return strings.NewReplacer("NEW", colourOr(o.To, "the new colour"), "OLD", colourOr(o.From, "the old colour")).Replace(text)
}

func colourOr(colour model.Colour, text string) string {
	if colour == model.None {
		return text
	}
	return string(colour)
}

// named is a colour with its version: v5 (green).
func named(colour model.Colour, versions map[model.Colour]string) string {
	if version := versions[colour]; version != "" {
		return fmt.Sprintf("%s (%s)", version, colour)
	}
	return string(colour)
}

// undoing says whether a step undoes.
func undoing(step string) bool { return step == "abandon" || step == "rollback" }

// allGood says whether every container is healthy.
func allGood(v gate.Verdict) bool {
	return len(v.Progress) > 0 && !slices.ContainsFunc(v.Progress, func(c gate.Progress) bool { return !c.Good })
}

// outlook says how long the step that watches containers may still take; empty once it has decided. During the bake
// there is no gate: users are already on the release.
func outlook(step string, v gate.Verdict, now time.Time) string {
	if v.Decision != gate.Waiting {
		return ""
	}
	left := max(v.Next.Sub(now), 0)
	switch {
	case !allGood(v):
		return shortly(left) + " at most"
	case step == "bake":
		return "all healthy, passes in " + shortly(left)
	}
	return "all healthy, switches in " + shortly(left)
}

// condition is the state of a container in one word of the user.
func condition(c gate.Progress) string {
	switch {
	case c.Name == "":
		return "waiting"
	case c.State != gate.StateRunning:
		return string(c.State)
	case c.Health == gate.HealthNone:
		return "running"
	}
	return string(c.Health)
}

// failing says how many probes of a container failed, if any did.
func failing(c gate.Progress) string {
	if c.FailingStreak == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d probes failed", c.FailingStreak, c.Retries)
}
