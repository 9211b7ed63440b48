// Package ui writes what people and CI read: the progress of a command on a terminal or as lines, and its report as text,
// JSON and Markdown. Only this package knows terminals.
package ui

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// heartbeat is the longest time without a line in the plain progress.
const heartbeat = 20 * time.Second

// NewProgress returns the progress that fits w: a live view on a terminal, lines elsewhere, nothing when quiet.
func NewProgress(ctx context.Context, w io.Writer, getenv func(string) string, quiet bool) model.Progress {
	if quiet {
		return Quiet{}
	}
	if width, height, ok := terminalSize(w, getenv); ok {
		return newTerminalProgress(ctx, w, width, height)
	}
	return newPlainProgress(ctx, w, heartbeat)
}

// outlook says how long the step that watches containers may still take; empty once it has decided. During the bake
// there is no gate: users are already on the release.
func outlook(step string, v gate.Verdict, now time.Time) string {
	if v.Decision != gate.Waiting {
		return ""
	}
	left := max(v.Next.Sub(now), 0).Round(time.Second)
	if slices.ContainsFunc(v.Progress, func(c gate.Progress) bool { return !c.Good }) {
		return fmt.Sprintf("decided within %s", left)
	}
	if step == "bake" {
		return fmt.Sprintf("all are good; the bake passes in %s unless one fails", left)
	}
	return fmt.Sprintf("all are good; the gate opens in %s unless one fails", left)
}

// describe returns the name and the state of one container; before it exists, the name of its service.
func describe(c gate.Progress) (name, state string) {
	name, state = c.Name, string(c.State)
	if name == "" {
		return c.Service, "not created yet"
	}
	if c.Health != gate.HealthNone {
		state += ", " + string(c.Health)
	}
	if c.FailingStreak > 0 {
		state += fmt.Sprintf(" (%d of %d probes failed)", c.FailingStreak, c.Retries)
	}
	if c.Good {
		state = "good: " + state
	}
	return name, state
}
