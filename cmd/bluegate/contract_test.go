package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"bluegate/cmd/bluegate/ui"
	"bluegate/deploy/model"
)

// enumOf returns the closed list of words of a property of the report.
func enumOf(t *testing.T, property string) []string {
	t.Helper()
	var schema struct {
		Properties map[string]struct{ Enum []string }
	}
	if err := json.Unmarshal([]byte(ui.ReportSchema), &schema); err != nil {
		t.Fatal(err)
	}
	return schema.Properties[property].Enum
}

func TestSchemaHasEveryCommand(t *testing.T) {
	commands := []string{"bluegate"}
	for _, c := range (&command{process: process{Getenv: noEnvironment}}).app().Commands {
		commands = append(commands, c.Name)
	}
	if known := slices.Sorted(slices.Values(enumOf(t, "command"))); !slices.Equal(slices.Sorted(slices.Values(commands)), known) {
		t.Errorf("the commands are %v, the schema has %v", commands, known)
	}
}

// Each outcome has its documented exit code, and help lists them all.
func TestExitCodes(t *testing.T) {
	want := map[string]int{
		"promoted": 0, "started": 0, "planned": 0, "waiting": 0, "settled": 0, "ok": 0, "error": 1, "invalid": 2, "refused": 3, "unhealthy": 3, "lost": 3,
		"rolled-back": 4, "needs-a-person": 5, "locked": 6, "unreachable": 7, "interrupted": 1, // with a signal it is 128+n
	}
	for _, outcome := range enumOf(t, "outcome") {
		code, known := want[outcome]
		if !known || model.Outcome(outcome).ExitCode() != code {
			t.Errorf("%s: exit code %d, want %d", outcome, model.Outcome(outcome).ExitCode(), code)
		}
		delete(want, outcome)
		if outcome != "unhealthy" && !strings.Contains(exitCodes, outcome) {
			t.Errorf("help does not say the exit code of %s", outcome)
		}
	}
	if len(want) > 0 {
		t.Errorf("the schema has no %v", want)
	}
}
