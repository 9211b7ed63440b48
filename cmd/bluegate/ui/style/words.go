package style

import (
	"fmt"
	"strings"

	"bluegate/deploy/model"
)

// stepWords says in the words of the user what is done in a step. NEW is the colour that becomes live, OLD the other one.
var stepWords = map[string]string{
	"lock": "taking the lock", "settle": "settling what an earlier run left", "observe": "looking at what runs", "plan": "planning",
	"examine": "examining nginx's configuration", "try-restart": "trying a restart in a copy of nginx",
	"pull": "pulling", "build": "building", "replace": "clearing NEW", "up": "starting NEW", "rehearse": "testing nginx's new configuration",
	"checks": "asking the checks", "reload": "reloading nginx", "canary": "canary: a share of the clients gets NEW", "switch": "switching nginx to NEW", "bake": "baking: watching NEW with users on it",
	"keep": "keeping OLD for a rollback", "drain": "draining OLD", "retire": "stopping OLD",
	"try": "asking the paths of the load", "switch-back": "switching nginx back to OLD", "drain-back": "draining NEW", "remove": "removing NEW",
	"gate": "watching NEW", "preview": "leaving NEW next to OLD for a preview",
	"abandon": "undoing: NEW is removed", "rollback": "undoing: nginx goes back to OLD",
}

// Words says what is done in a step.
func Words(step string, o model.Overview) string {
	text, known := stepWords[step]
	if !known {
		return "running the hook " + step
	}
	return strings.NewReplacer("NEW", ColourOr(o.To, "the new colour"), "OLD", ColourOr(o.From, "the old colour")).Replace(text)
}

func ColourOr(colour model.Colour, text string) string {
	if colour == model.None {
		return text
	}
	return string(colour)
}

// Named is a colour with its version: v5 (green).
func Named(colour model.Colour, versions map[model.Colour]string) string {
	if version := versions[colour]; version != "" {
		return fmt.Sprintf("%s (%s)", version, colour)
	}
	return string(colour)
}

// Undoing says whether a step undoes.
func Undoing(step string) bool { return step == "abandon" || step == "rollback" }
