package page

import (
	"fmt"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/watch"
)

// Overall is how everything is, in one word.
type Overall string

// The words, for programs. They are the classes of the page too.
const (
	Well      Overall = "well"
	Degraded  Overall = "degraded"
	Outage    Overall = "outage"
	Deploying Overall = "deploying"
	Unknown   Overall = "unknown"
)

// Banner is what everybody reads first.
type Banner struct {
	Overall Overall
	Title   string
	Text    string
}

var titles = map[Overall]string{
	Well: "All well", Degraded: "Degraded", Outage: "Outage", Deploying: "Deployment under way", Unknown: "Unknown",
}

// noteCounts is how long a warning or an outage that an operator reports is part of the banner, unless a later note about
// the same replaces it.
const noteCounts = 24 * time.Hour

// banner decides what everybody reads first: a deployment, then what is down, then what is degraded, then what is not
// known.
func banner(s watch.State, notes []watch.Note, now time.Time) Banner {
	by := map[watch.Verdict][]string{}
	for _, c := range s.Checks {
		by[c.Verdict] = append(by[c.Verdict], checkTitle(c.Name))
	}
	outages, warnings := standing(notes, now)
	switch {
	case s.Deploying != nil:
		return Banner{Deploying, titles[Deploying], fmt.Sprintf("%s since %s. Nothing is alarmed until it ends.", capital(s.Deploying.Command), clock(s.Deploying.Since))}
	case len(by[watch.Down]) > 0 || len(outages) > 0:
		return Banner{Outage, titles[Outage], sentences(list(by[watch.Down], "down"), reported(outages))}
	case len(by[watch.Degraded]) > 0 || len(warnings) > 0:
		return Banner{Degraded, titles[Degraded], sentences(list(by[watch.Degraded], "degraded"), reported(warnings))}
	case len(s.Checks) == 0:
		return Banner{Unknown, titles[Unknown], "Nothing is measured yet."}
	case len(by[watch.Unknown]) > 0:
		return Banner{Unknown, titles[Unknown], list(by[watch.Unknown], "not known yet, or cannot be measured")}
	}
	return Banner{Well, titles[Well], sentences(list(by[watch.Healthy], "healthy"), serves(s.Live), waits(s.Preview))}
}

// standing are the outages and warnings of operators that are not over: a later note about the same ends them.
func standing(notes []watch.Note, now time.Time) (outages, warnings []watch.Note) {
	last := map[string]watch.Note{}
	var order []string
	for _, n := range notes {
		if _, known := last[n.About]; !known {
			order = append(order, n.About)
		}
		last[n.About] = n
	}
	for _, about := range order {
		switch n := last[about]; {
		case now.Sub(n.At) > noteCounts:
		case n.Kind == watch.Outage:
			outages = append(outages, n)
		case n.Kind == watch.Warning:
			warnings = append(warnings, n)
		}
	}
	return outages, warnings
}

func reported(notes []watch.Note) string {
	if len(notes) == 0 {
		return ""
	}
	if about := notes[0].About; about != "" && len(notes) == 1 {
		return "An operator reports: " + about + "."
	}
	return "An operator reports it."
}

func serves(live model.Colour) string {
	if live == model.None {
		return ""
	}
	return capital(string(live)) + " is live."
}

// waits says which colour waits to be promoted.
func waits(p *watch.Preview) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf("A release of %s waits to be promoted, until %s.", p.Colour, clock(p.Until))
}

// list says what is how: up to three names, otherwise a number.
func list(names []string, is string) string {
	for i := 1; i < len(names) && len(names) <= 3; i++ {
		if names[i] == checkTitle(watch.Live) {
			names[0], names[i] = names[i], names[0] // it begins with a capital letter
		}
	}
	switch {
	case len(names) == 0:
		return ""
	case len(names) == 1:
		return names[0] + " is " + is + "."
	case len(names) <= 3:
		return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1] + " are " + is + "."
	}
	return fmt.Sprintf("%d checks are %s.", len(names), is)
}

func sentences(all ...string) string {
	return strings.Join(strings.Fields(strings.Join(all, " ")), " ")
}

func capital(word string) string {
	if word == "" {
		return "Deployment"
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

func clock(t time.Time) string { return t.UTC().Format("15:04 UTC") }

// checkTitle is what people call a check.
func checkTitle(name string) string {
	if name == watch.Live {
		return "The live colour"
	}
	return name
}
