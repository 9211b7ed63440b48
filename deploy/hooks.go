package deploy

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

// before runs the hooks of a moment. The first that fails refuses the release.
func (r *run) before(ctx context.Context, moment model.Moment) error {
	if len(r.hooks(moment)) == 0 {
		return nil
	}
	return r.step(ctx, string(moment), func(ctx context.Context) error {
		for _, argv := range r.hooks(moment) {
			h := r.hook(ctx, moment, argv)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if h.Status != "ok" {
				return &model.RefusedError{Reasons: []model.Reason{{Code: model.HookFailed, Message: h.Failure(), LastProbe: strings.Join(h.Output, "\n")}}}
			}
		}
		return nil
	})
}

// after runs the hooks of a moment at which a failure is only a finding.
func (r *run) after(ctx context.Context, moment model.Moment) {
	for _, argv := range r.hooks(moment) {
		if ctx.Err() != nil {
			return
		}
		r.Progress.Step(string(moment))
		if h := r.hook(ctx, moment, argv); h.Status != "ok" {
			r.note(model.Finding{Code: "hook-failed", Message: h.Failure()})
		}
	}
}

// lastHooks runs the hooks of a command that has ended, an interrupted one too, if it ever held the lock: before that
// it attempted nothing.
func (r *run) lastHooks(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	if r.stage < locked {
		return
	}
	if r.report.ExitCode != 0 {
		r.after(ctx, model.OnFailure)
	}
	r.after(ctx, model.AfterAll)
}

// hooks are those of the release's colour. A run that ended before it had chosen one uses those of the idle colour. A
// rollback has none before `up`: nothing has to be prepared for a release that ran before. A drill has none: no release
// comes of it.
func (r *run) hooks(moment model.Moment) [][]string {
	if moment == model.BeforeUp && r.command == "rollback" || r.command == "drill" {
		return nil
	}
	return r.Settings.Hooks[r.hookColour()].Commands[moment]
}

func (r *run) hookColour() model.Colour {
	return cmp.Or(r.plan.Release.To, r.Settings.To, r.live.Colour.Other(), model.Blue)
}

// hook runs one command.
func (r *run) hook(ctx context.Context, moment model.Moment, argv []string) report.Hook {
	limit := cmp.Or(r.Settings.Hooks[r.hookColour()].Timeout, model.DefaultHookTimeout)
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	began := time.Now()
	output, code, err := r.Hooks.Run(bounded, argv, r.hookEnvironment(moment))
	h := report.Hook{Hook: moment, Command: redact.Sanitize(strings.Join(argv, " ")), Status: "ok", ExitCode: code, MS: time.Since(began).Milliseconds(), Output: lastLines(output)}
	switch {
	case errors.Is(bounded.Err(), context.DeadlineExceeded):
		h.Status, h.Message = "failed", fmt.Sprintf("it did not end within %s, and was killed with everything that it had started", limit)
	case err != nil:
		h.Status, h.Message = "failed", redact.Sanitize(err.Error())
	case code != 0:
		h.Status, h.Message = "failed", fmt.Sprintf("exit code %d", code)
	}
	r.report.Hooks = append(r.report.Hooks, h)
	return h
}

// lastLines are the last lines of an output, sanitized.
func lastLines(output []byte) []string {
	lines := []string{}
	for line := range strings.Lines(string(output)) {
		if line = redact.Sanitize(strings.TrimSpace(line)); line != "" {
			lines = append(lines, line)
		}
	}
	return lines[max(len(lines)-evidenceLines, 0):]
}

// hookEnvironment tells a hook of the run, in variables. What is not known yet is empty.
func (r *run) hookEnvironment(moment model.Moment) []string {
	var codes []string
	for _, reason := range r.report.Reasons {
		codes = append(codes, string(reason.Code))
	}
	exit := ""
	if r.report.Outcome != "" {
		exit = strconv.Itoa(r.report.ExitCode)
	}
	facts := []string{}
	for _, fact := range [][2]string{
		{"COMMAND", r.command}, {"PROJECT", r.report.Project}, {"RELEASE", r.report.Release}, {"PHASE", string(moment)}, {"FROM", string(r.plan.From)}, {"TO", string(r.hookColour())},
		{"LIVE", string(r.live.Colour)}, {"OUTCOME", string(r.report.Outcome)}, {"EXIT_CODE", exit}, {"REASONS", strings.Join(codes, " ")}, {"MESSAGE", redact.Sanitize(r.report.Message)},
	} {
		facts = append(facts, "BLUEGATE_"+fact[0]+"="+strings.ReplaceAll(fact[1], "\x00", ""))
	}
	return facts
}
