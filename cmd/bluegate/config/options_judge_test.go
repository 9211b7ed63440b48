package config

import (
	"strings"
	"testing"
	"time"

	"bluegate/deploy/judge"
)

func TestJudgeOptions(t *testing.T) {
	const managed = "nginx: {mode: managed, upstreams: {was: \"was-{colour}:3000\"}}\n"
	o, _, err := optionsOf(t, "bake: {for: 5m}\njudge: {errors: 2.5%, p95: 800ms, min_requests: 20, too_few: pass, port: 8097}\n")
	if err != nil || *o.Settings.Judge != (judge.Limits{Errors: 0.025, P95: 800 * time.Millisecond, MinRequests: 20, TooFew: judge.Pass}) || o.Nginx.JudgePort != 8097 {
		t.Errorf("%+v, %v", o.Settings.Judge, err)
	}
	o, _, err = optionsOf(t, managed+"canary: {steps: [{weight: 5, for: 2m}, {weight: 25, for: 5m}]}\njudge: {worse_than_old: 2x}\n")
	if c := o.Nginx.Settings.Canary; err != nil || len(c.Steps) != 2 || c.Steps[1].Weight != 25 || c.Steps[0].For != 2*time.Minute || c.By != "$remote_addr" || o.Settings.Judge.WorseThanOld != 2 || o.Settings.Judge.Errors != 0.01 || o.Nginx.JudgePort != judgePort {
		t.Errorf("%+v, %+v, %v", o.Nginx.Settings.Canary, o.Settings.Judge, err)
	}
	if o, _, err = optionsOf(t, "bake: {for: 5m}\n"); err != nil || o.Settings.Judge != nil || o.Nginx.JudgePort != 0 {
		t.Errorf("without judge: %+v, %v", o.Settings.Judge, err)
	}
	for yml, want := range map[string]string{
		"judge: {errors: 1%}\n":                                                              "neither bake.for nor canary is set",
		"bake: {for: 1m}\njudge: {errors: 1}\n":                                              "is not a share such as 1%",
		"bake: {for: 1m}\njudge: {errors: 101%}\n":                                           "is not a share such as 1%",
		"bake: {for: 1m}\njudge: {worse_than_old: 2x}\n":                                     "only a canary gives requests to both colours",
		managed + "canary: {steps: [{weight: 5, for: 2m}]}\njudge: {worse_than_old: 0.5x}\n": "is not a factor such as 2x",
		"bake: {for: 1m}\njudge: {min_requests: 0}\n":                                        "must be at least 1",
		"bake: {for: 1m}\njudge: {too_few: guess}\n":                                         "guess",
		"canary: {steps: [{weight: 5, for: 2m}]}\n":                                          "needs nginx.mode managed, and this is mode edit",
		managed + "canary: {by: $remote_addr}\n":                                             "canary.steps is not set",
	} {
		if _, _, err := optionsOf(t, yml); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", yml, err, want)
		}
	}
}
