package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bluegate/cmd/bluegate/ui/style"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// sentence says what came of a command: which version is live where, or why it is not.
func sentence(r *report.Report) string {
	switch r.Outcome {
	case model.Promoted, model.Started:
		return nowLive(r)
	case model.Planned:
		return fmt.Sprintf("%s would become live; %s", release(r), liveNow(r))
	case model.Refused:
		return refusal(r) + "; " + liveNow(r)
	case model.RolledBack:
		return takenBack(r) + "; " + liveNow(r)
	case model.Waiting:
		return fmt.Sprintf("%s %s; %s", release(r), waits(r.Preview, time.Time{}), liveNow(r))
	case model.OK:
		return allRight(r)
	}
	return r.Message
}

func nowLive(r *report.Report) string {
	if r.Live == model.None {
		return fmt.Sprintf("%s is up and healthy; %s", release(r), r.LiveBy)
	}
	again := ""
	if r.Command == "rollback" {
		again = " again"
	}
	if version := r.Versions[r.Live]; version != "" {
		return fmt.Sprintf("%s is live%s on %s", version, again, r.Live)
	}
	return fmt.Sprintf("%s is live%s", r.Live, again)
}

// release names what is to become live: its version and its colour.
func release(r *report.Report) string {
	if r.To == model.None {
		return "the release"
	}
	return style.Named(r.To, r.Versions)
}

// refusal says what was refused, and why in a few words.
func refusal(r *report.Report) string {
	why := style.Prefixed(": ", cause(r))
	switch {
	case r.DryRun || r.Command == "doctor":
		return "a " + noun(r.Command) + " cannot start" + why
	case r.To == model.None:
		return "the " + r.Command + " did not start" + why
	}
	return release(r) + " did not pass" + why
}

// takenBack says which release was taken back, and why in a few words.
func takenBack(r *report.Report) string {
	did := "did not pass"
	for _, s := range r.Steps {
		if (s.Name == "bake" || s.Name == "canary") && s.Status == "failed" {
			did = "did not pass its " + s.Name
		}
	}
	return release(r) + " " + did + style.Prefixed(": ", cause(r))
}

func noun(command string) string {
	if command == "rollback" || command == "drill" {
		return command
	}
	return "deployment"
}

// cause is the first reason in a few words, and how many more there are.
func cause(r *report.Report) string {
	if len(r.Reasons) == 0 {
		return ""
	}
	text := strings.ReplaceAll(causes[r.Reasons[0].Code], "IT", subject(r.Reasons[0]))
	if more := len(r.Reasons) - 1; more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text
}

// subject is what a reason is about.
func subject(r model.Reason) string {
	switch {
	case r.Service != "":
		return r.Service
	case r.Container != "":
		return r.Container
	}
	return "a service"
}

// causes says each reason in a few words. IT is the service.
var causes = map[model.Code]string{
	model.Unhealthy:            "IT is unhealthy",
	model.NoHealthcheck:        "IT has no healthcheck",
	model.Exited:               "IT ended",
	model.Worse:                "its users met more failures, or waited longer, than judge allows",
	model.TooFewRequests:       "the requests of its users do not tell whether it is good",
	model.CanaryIncomplete:     "a service would not take part in the canary",
	model.PreviewIncomplete:    "a service would give testers the live colour",
	model.CanaryKeyConstant:    "all clients have the same key in the canary",
	model.OOMKilled:            "IT ran out of memory",
	model.Restarting:           "IT crashed and was started again",
	model.Flapping:             "IT does not stay healthy",
	model.Paused:               "IT is paused",
	model.Vanished:             "IT was removed by someone else",
	model.Missing:              "IT has no container",
	model.Timeout:              "IT did not become healthy in time",
	model.PullFailed:           "an image could not be pulled",
	model.BuildFailed:          "the build of IT failed",
	model.CreateFailed:         "its containers could not be started",
	model.CheckFailed:          "a check did not pass",
	model.NotReachable:         "nginx does not reach IT",
	model.HookFailed:           "a hook failed",
	model.NginxTestFailed:      "nginx does not accept the new configuration",
	model.NginxNotSwitched:     "nginx was not switched",
	model.ConfigNotLoaded:      "nginx has not loaded its files as they are",
	model.SwitchPointNotFound:  "nginx's configuration has no address to switch",
	model.SwitchPointAmbiguous: "which colour nginx's configuration names is ambiguous",
	model.CannotCoexist:        "the colours cannot run at the same time",
	model.StillDraining:        "old requests have not ended",
	model.LiveUnknown:          "it cannot be told what nginx serves",
	model.AddressLeftOver:      "nginx would still name the live colour",
	model.WouldLoseData:        "data would be lost",
	model.WouldLoseRollback:    "there would be nothing to roll back to",
	model.CannotCopy:           "the live colour cannot be copied",
	model.LoadFailed:           "the load gets no proper answers",
	model.ForeignJournal:       "another application has the same name",
	model.PreviewPending:       "a release waits to be promoted",
	model.PreviewOver:          "the time of its preview is over",
}

func liveNow(r *report.Report) string {
	if r.Live == model.None {
		return "no colour is known to be live" + style.Prefixed(": ", r.LiveBy)
	}
	name := style.Named(r.Live, r.Versions)
	switch {
	case r.Outcome == model.Refused && r.DryRun, r.Outcome == model.Refused && r.Command == "doctor", r.Outcome == model.Planned:
		return name + " is live"
	case r.Outcome == model.Refused:
		return name + " still serves"
	case r.Outcome == model.RolledBack:
		return name + " serves again"
	}
	return name + " is live"
}

// allRight is the sentence of a command that only looks.
func allRight(r *report.Report) string {
	switch {
	case r.Command == "health" && r.To != model.None:
		return style.Named(r.To, r.Versions) + " is healthy"
	case r.Message != "":
		return r.Message
	case r.Live == model.None:
		return liveNow(r)
	}
	text := nowLive(r)
	if p := r.LastProven; p != nil && p.Colour == r.Live && p.At != nil {
		text += ", since " + p.At.UTC().Format(time.RFC3339)
	}
	return text
}

// liveLine says which colour is live, if the headline says only what went wrong.
func liveLine(r *report.Report) string {
	if r.LiveBy == "" || !slices.Contains([]string{"deploy", "rollback", "promote", "abort", "settle", "drill"}, r.Command) {
		return ""
	}
	switch r.Outcome {
	case model.NeedsPerson, model.Interrupted, model.Failed, model.Unreachable, model.Settled:
		if r.Live == model.None {
			return "not known: " + r.LiveBy
		}
		return fmt.Sprintf("%s: %s", style.Named(r.Live, r.Versions), r.LiveBy)
	}
	return ""
}
