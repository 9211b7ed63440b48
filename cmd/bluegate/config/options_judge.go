package config

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"bluegate/deploy/judge"
	"bluegate/nginx/mode"
)

// judgePort is where nginx logs the requests by which a release is judged, unless the file says something else.
const judgePort = 8098

// readJudge applies the sections judge and canary.
func (o *Options) readJudge(f *File) error {
	canary, err := f.canary()
	if err != nil {
		return err
	}
	o.Nginx.Settings.Canary, o.Settings.CanaryBy = canary, canary.By
	given := len(canary.Steps) > 0
	for key := range f.values.Origins {
		given = given || key == "judge" || strings.HasPrefix(key, "judge.")
	}
	if !given {
		return nil
	}
	if f.Bake.For == 0 && len(canary.Steps) == 0 {
		return f.values.Wrong("judge", "neither bake.for nor canary is set; without one of them no requests are judged")
	}
	limits, err := f.limits(len(canary.Steps) > 0)
	if err != nil {
		return err
	}
	o.Settings.Judge, o.Nginx.JudgePort = &limits, cmp.Or(f.Judge.Port, judgePort)
	if o.Nginx.JudgePort < 1 || o.Nginx.JudgePort > 65535 {
		return f.values.Wrong("judge.port", "must be from 1 to 65535")
	}
	return nil
}

// limits are what a release may cost.
func (f *File) limits(compares bool) (judge.Limits, error) {
	l, s := judge.DefaultLimits(), f.Judge
	var err error
	if s.Errors != "" {
		if l.Errors, err = number(s.Errors, "%"); err != nil || l.Errors < 0 || l.Errors > 100 {
			return l, f.values.Wrong("judge.errors", "%q is not a share such as 1%%", s.Errors)
		}
		l.Errors /= 100
	}
	if s.WorseThanOld != "" {
		if l.WorseThanOld, err = number(s.WorseThanOld, "x"); err != nil || l.WorseThanOld < 1 {
			return l, f.values.Wrong("judge.worse_than_old", "%q is not a factor such as 2x", s.WorseThanOld)
		}
		if !compares {
			return l, f.values.Wrong("judge.worse_than_old", "only a canary gives requests to both colours in the same window; in a bake the old one gets none")
		}
	}
	if f.values.Has("judge.min_requests") {
		if l.MinRequests = s.MinRequests; l.MinRequests < 1 {
			return l, f.values.Wrong("judge.min_requests", "must be at least 1")
		}
	}
	l.P95, l.TooFew = s.P95, cmp.Or(judge.Policy(s.TooFew), l.TooFew)
	return l, nil
}

// number reads a number with its unit behind it.
func number(text, unit string) (float64, error) {
	digits, ok := strings.CutSuffix(strings.TrimSpace(text), unit)
	if !ok {
		return 0, fmt.Errorf("%q does not end with %s", text, unit)
	}
	return strconv.ParseFloat(strings.TrimSpace(digits), 64)
}

// canary says which share of the clients gets a release before all do.
func (f *File) canary() (c mode.Canary, err error) {
	for _, s := range f.Canary.Steps {
		c.Steps = append(c.Steps, mode.Step{Weight: s.Weight, For: s.For})
	}
	if len(c.Steps) > 0 {
		c.By = cmp.Or(f.Canary.By, "$remote_addr")
	}
	switch {
	case len(c.Steps) == 0 && f.values.Has("canary.by"):
		return c, f.values.Wrong("canary.by", "canary.steps is not set; without steps there is no canary")
	case len(c.Steps) > 0 && f.Nginx.Mode != "managed":
		return c, f.values.Wrong("canary.steps", "a canary needs nginx.mode managed, and this is mode %s: weights in an upstream of several servers would give a client both colours", cmp.Or(f.Nginx.Mode, "edit"))
	}
	return c, nil
}
