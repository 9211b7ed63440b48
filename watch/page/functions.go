package page

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"regexp"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/watch"
	"bluegate/watch/notify"
)

// functions are what the templates call. None of them makes markup of text.
var functions = template.FuncMap{
	"rfc":      func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"stamp":    func(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04:05 UTC") },
	"span":     func(d time.Duration) string { return notify.Span(max(time.Second, d)) },
	"took":     span2,
	"since":    func(now, t time.Time) string { return notify.Span(max(time.Second, now.Sub(t))) },
	"short":    short,
	"outcome":  outcomeWord,
	"tone":     outcomeTone,
	"healthy":  healthyContainers,
	"verdict":  verdictWord,
	"noteTone": noteTone,
	"days":     func(now, t time.Time) int { return int(t.Sub(now) / day) },
	"title":    func(word any) string { return capital(fmt.Sprint(word)) },
}

// short is a digest as people compare it.
func short(digest string) string {
	_, hash, found := strings.Cut(digest, ":")
	if !found {
		hash = digest
	}
	return hash[:min(len(hash), 12)]
}

// outcomeWord says what a deployment did, after the name of its colour.
func outcomeWord(d watch.Deployment) string {
	switch d.Outcome {
	case model.Promoted, model.Started:
		return "went live"
	case model.Waiting:
		return "waits to be promoted"
	case model.OK:
		return "was given up"
	case model.Refused:
		return "was refused"
	case model.RolledBack:
		return "was rolled back"
	case model.NeedsPerson:
		return "needs a person"
	case model.Interrupted:
		return "was interrupted"
	}
	return "ended with " + string(d.Outcome)
}

func outcomeTone(d watch.Deployment) string {
	switch d.Outcome {
	case model.Promoted, model.Started, model.Waiting, model.Settled, model.OK:
		return "good"
	case model.Refused, model.Interrupted:
		return "warn"
	}
	return "bad"
}

func noteTone(kind watch.NoteKind) string {
	switch kind {
	case watch.Outage:
		return "bad"
	case watch.Warning:
		return "warn"
	}
	return "info"
}

func verdictWord(v watch.Verdict) string {
	if v == "" {
		v = watch.Unknown
	}
	return string(v)
}

// healthyContainers counts those that serve or could.
func healthyContainers(c watch.ColourState) int {
	n := 0
	for _, one := range c.Containers {
		if one.State == "running" && (one.Health == "healthy" || one.Health == "none" || one.Health == "") && one.Problem == "" {
			n++
		}
	}
	return n
}

var notInFiles = regexp.MustCompile(`[^a-z0-9]+`)

// checkFile is the name of a check's page: readable, safe in every file system, and different for each check.
func checkFile(name string) string {
	sum := sha256.Sum256([]byte(name))
	readable := strings.Trim(notInFiles.ReplaceAllString(strings.ToLower(name), "-"), "-")
	return strings.Trim(readable[:min(len(readable), 40)], "-") + "-" + hex.EncodeToString(sum[:4]) + ".html"
}
