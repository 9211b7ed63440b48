package config

import "time"

// judgeSection is what a release may cost its users.
type judgeSection struct {
	Errors       string        `yaml:"errors" default:"1%" doc:"The share of requests that may fail with 5xx or with an upstream error."`
	WorseThanOld string        `yaml:"worse_than_old" doc:"By which factor failures and the 95th percentile of the time may exceed those of the old colour in the same window, as in 2x. Only for a canary."`
	P95          time.Duration `yaml:"p95" doc:"Within which time 95 % of the requests must be answered."`
	MinRequests  int           `yaml:"min_requests" default:"50" doc:"Fewer requests say nothing about a release."`
	TooFew       string        `yaml:"too_few" choice:"wait pass refuse" default:"wait" doc:"What happens if the requests do not tell: wait for more, up to three times as long, and refuse then; pass; or refuse."`
	Port         int           `yaml:"port" default:"8098" doc:"The UDP port of 127.0.0.1 at which nginx logs, in nginx's network namespace. Two applications behind one nginx need two."`
}

// canarySection is which share of the clients gets a release before all do.
type canarySection struct {
	Steps []stepSection `yaml:"steps" doc:"The shares, each larger than the one before. Mode managed only."`
	By    string        `yaml:"by" default:"$remote_addr" doc:"What tells clients apart: text with nginx's variables in it. A client is on one colour for all services."`
}

// stepSection is one share.
type stepSection struct {
	Weight int           `yaml:"weight" doc:"The share of the clients in percent, from 1 to 99."`
	For    time.Duration `yaml:"for" doc:"How long the share is kept."`
}
