// Package hooks runs the user's commands. When they are run, and what a failure means, package deploy decides.
package hooks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/deploy/report"
)

// shownLines is how much of a command's output a report shows.
const shownLines = 20

// Run runs one command of a moment for at most limit, where 0 is model.DefaultHookTimeout, and says what came of it. A
// command that did not end in time, or that ctx ended, is killed with everything that it had started.
func Run(ctx context.Context, runner model.HookRunner, moment model.Moment, argv, env []string, limit time.Duration) report.Hook {
	limit = cmp.Or(limit, model.DefaultHookTimeout)
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	began := time.Now()
	output, code, err := runner.Run(bounded, argv, env)
	lines := redact.Lines(output)
	h := report.Hook{Hook: moment, Command: redact.Sanitize(strings.Join(argv, " ")), Status: "ok", ExitCode: code, MS: time.Since(began).Milliseconds(), Output: lines[max(len(lines)-shownLines, 0):]}
	switch {
	case errors.Is(bounded.Err(), context.DeadlineExceeded):
		h.Status, h.Message = "failed", fmt.Sprintf("it did not end within %s, and was killed with everything that it had started", limit)
	case err != nil:
		h.Status, h.Message = "failed", redact.Sanitize(err.Error())
	case code != 0:
		h.Status, h.Message = "failed", fmt.Sprintf("exit code %d", code)
	}
	return h
}

// Refusal is the error of a command that has to succeed. Where ctx has ended it is its cause: then the command was killed.
func Refusal(ctx context.Context, h report.Hook) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case h.Status != "ok":
		return &model.RefusedError{Reasons: []model.Reason{{Code: model.HookFailed, Message: h.Failure(), LastProbe: strings.Join(h.Output, "\n")}}}
	}
	return nil
}

// Listed are the commands of each moment, in the order in which they are run.
func Listed(of func(model.Moment) [][]string) []string {
	all := []string{}
	for _, moment := range []model.Moment{model.BeforeUp, model.BeforeSwitch, model.AfterSwitch, model.OnFailure, model.AfterAll} {
		for _, argv := range of(moment) {
			all = append(all, fmt.Sprintf("%s: %s", moment, strings.Join(argv, " ")))
		}
	}
	return all
}

// Environment is what a command is told, as variables: the moment, the colours, and what the report of the run says by
// now. What is not known yet is empty.
func Environment(moment model.Moment, from, to, live model.Colour, by *report.Report) []string {
	var codes []string
	for _, reason := range by.Reasons {
		codes = append(codes, string(reason.Code))
	}
	exit := ""
	if by.Outcome != "" {
		exit = strconv.Itoa(by.ExitCode)
	}
	facts := []string{}
	for _, fact := range [][2]string{
		{"COMMAND", by.Command}, {"PROJECT", by.Project}, {"RELEASE", by.Release}, {"PHASE", string(moment)}, {"FROM", string(from)}, {"TO", string(to)},
		{"LIVE", string(live)}, {"OUTCOME", string(by.Outcome)}, {"EXIT_CODE", exit}, {"REASONS", strings.Join(codes, " ")}, {"MESSAGE", redact.Sanitize(by.Message)},
	} {
		facts = append(facts, "BLUEGATE_"+fact[0]+"="+strings.ReplaceAll(fact[1], "\x00", ""))
	}
	return facts
}
