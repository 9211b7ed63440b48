package drill

import (
	"context"
	"time"

	"bluegate/deploy/drill/load"
	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// Session is the load of one drill, and what is noted while it is under way. It is used by one goroutine.
type Session struct {
	settings Settings
	load     Load
	url      string
	options  load.Options
	users    Running   // nil: the load was not started
	began    time.Time // when it was
	switches []report.DrillSwitch
	findings []model.Finding // of doctor's, that announce a loss
}

// NewSession is a drill of which nothing has begun. A nil load sends its requests over the network.
func NewSession(s Settings, l Load) *Session {
	if l == nil {
		l = HTTP{}
	}
	return &Session{settings: s, load: l}
}

// Announce notes which of doctor's findings announce a loss.
func (s *Session) Announce(found []model.Finding) {
	for _, f := range found {
		if Announces(f) {
			s.findings = append(s.findings, f)
		}
	}
}

// Announced are the findings that were noted.
func (s *Session) Announced() []model.Finding { return s.findings }

// Try finds out where the load's requests go, and what they get while nothing is switched. remote says that the engine's
// machine is not this one.
func (s *Session) Try(ctx context.Context, route model.Route, remote bool) (err error) {
	if err := s.find(route, remote); err != nil {
		return err
	}
	s.options, err = s.settings.Learn(ctx, s.load, s.url)
	return err
}

// find sets the address to which the requests go: the user's, or one at which nginx answers.
func (s *Session) find(route model.Route, remote bool) error {
	switch {
	case s.settings.URL != "":
		s.url = s.settings.URL
		return nil
	case remote:
		return model.Invalid("the engine is on another machine: name the address at which nginx answers from here: --url http://…")
	case len(route.Entrances) == 0:
		return model.Invalid("it is not known at which address %s answers: name it: --url http://…", route.Nginx)
	}
	s.settings, s.url = s.settings.ForHost(route.Entrances[0].Host), route.Entrances[0].URL
	return nil
}

// Start starts the load, which continues when ctx ends, and returns after Lead. Result ends it.
func (s *Session) Start(ctx context.Context) error {
	users, err := s.load.Start(context.WithoutCancel(ctx), s.url, s.options)
	if err != nil {
		return err
	}
	s.users, s.began = users, time.Now()
	return model.Sleep(ctx, Lead)
}

// Turn begins a switch to a colour. What is noted in it has to be noted before the next one begins.
func (s *Session) Turn(to model.Colour) *report.DrillSwitch {
	s.switches = append(s.switches, report.DrillSwitch{To: to, At: time.Now()})
	return &s.switches[len(s.switches)-1]
}

// Result ends the load, waits for the requests in flight, and says what its users lost; nil: it was never started.
func (s *Session) Result() *report.Drill {
	if s.users == nil {
		return nil
	}
	record := s.users.Stop()
	return s.settings.Tally(s.url, time.Since(s.began), record, s.switches, s.findings)
}

// Outcome is what a drill that came to its end came to.
func (s Settings) Outcome(d *report.Drill) model.Outcome {
	if d.Lost == 0 || s.AcceptAnnounced && d.Lost == d.Announced {
		return model.OK
	}
	return model.Lost
}
