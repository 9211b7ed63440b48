package deploy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/model"
)

// fakeNginx is nginx.
type fakeNginx struct {
	missing *model.MissingNginx // the container that the user named, where it is absent
	state   model.RouterState
	disk    string
	loaded  string // what the accepting workers have
	// loadedAt is when they loaded it, and generation how many reloads there were.
	loadedAt   time.Time
	generation int
	leaving    []worker
	hold       time.Duration // how long a worker that leaves still answers requests

	refusal       error
	mentions      []model.Mention // besides the switch points
	byFlag        bool            // a switch reloads nothing
	whole         bool            // whole files are switched, in which no address is told
	unread        bool            // what was edited by hand is not read any further
	findings      []model.Finding
	examined      []model.Finding
	restarted     []model.Finding
	examineFails  error
	deaf          bool   // a reload is not applied
	stray         bool   // it is, and the proof fails
	stuck         bool   // the old configuration cannot be brought back
	rejects       string // what the rehearsal says
	movedThere    bool   // its file is younger than it looks, and not loaded
	deadPort      bool   // nothing accepts a connection
	wontStart     bool
	rehearsing    time.Duration
	editedInDrain string             // what a person writes and loads while it drains
	counts        bool               // open connections are known
	logs          bool               // the requests, for a release to be judged by
	canary        []model.CanaryStep // weights and times
	testers       bool               // they get a release that waits, and 503 without one
	othersAt      time.Time          // when another project switches in the same file; zero: never
}

const canaryMark = "# canary "

// shared is a configuration that gives a share of the clients another colour.
func shared(conf string, to model.Colour, weight int) string {
	return conf + fmt.Sprintf("%s%s %d\n", canaryMark, to, weight) + turned(conf, to)
}

// closedMark is in a configuration by which testers get 503.
const closedMark = "# testers get 503\n"

// rest is a configuration without another colour, and by which testers get nothing, where there are some.
func (n *fakeNginx) rest(conf string) string {
	conf, _, both := strings.Cut(conf, canaryMark)
	if n.testers && (both || !strings.Contains(conf, closedMark)) {
		conf = strings.ReplaceAll(conf, closedMark, "") + closedMark
	}
	return conf
}

// open is a configuration that gives testers another colour.
func (n *fakeNginx) open(conf string, to model.Colour) string {
	return shared(strings.ReplaceAll(n.rest(conf), closedMark, ""), to, 0) + "# testers\n"
}

type worker struct {
	conf  string
	until time.Time
}

func confOf(colour model.Colour) string {
	return fmt.Sprintf("upstream was { server was-%s:8080; }\nupstream signal { server signal-%s:8080; }\n", colour, colour)
}

// colourIn is the colour that a configuration makes live. What a canary adds comes behind its mark.
func colourIn(conf string) model.Colour {
	conf, _, _ = strings.Cut(conf, canaryMark)
	blue, green := strings.Contains(conf, "-blue:"), strings.Contains(conf, "-green:")
	switch {
	case blue && !green:
		return model.Blue
	case green && !blue:
		return model.Green
	}
	return model.None
}

// named are the configurations that still matter.
func (n *fakeNginx) named() map[string]string {
	all := map[string]string{}
	if n.state != model.RouterAbsent {
		all["the file on disk"] = n.disk
	}
	if n.state == model.RouterRunning {
		all["what nginx runs"] = n.loaded
		for i, left := range n.alive() {
			all[fmt.Sprintf("old worker %d", i)] = left.conf
		}
	}
	return all
}

func (n *fakeNginx) alive() []worker {
	n.leaving = slices.DeleteFunc(n.leaving, func(l worker) bool { return !time.Now().Before(l.until) })
	return n.leaving
}

func (n *fakeNginx) reload() {
	n.leaving = append(n.leaving, worker{n.loaded, time.Now().Add(n.hold)})
	n.loaded, n.loadedAt = n.disk, time.Now()
	n.generation++
}

// others is that switch of another project, at the first call after its time.
func (n *fakeNginx) others() {
	if !n.othersAt.IsZero() && !time.Now().Before(n.othersAt) {
		n.othersAt = time.Time{}
		n.disk += other
		n.reload()
	}
}

// mend repairs what was wrong with nginx.
func (n *fakeNginx) mend() {
	n.deaf, n.stray, n.stuck, n.rejects, n.deadPort, n.wontStart, n.editedInDrain = false, false, false, "", false, false, ""
}
