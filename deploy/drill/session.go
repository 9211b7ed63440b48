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

// Colours are what a drill switches between: the colour that is live, and a copy of it. Each method is called after those
// before it have returned without an error.
type Colours interface {
	// There switches to the copy, and Left waits for what is in flight on the live colour, which may go on.
	There(context.Context) error
	Left(context.Context) (drained bool, err error)
	// Back switches back, and Free waits until nothing is in flight on the copy.
	Back(context.Context) error
	Free(context.Context) (drained bool, err error)
	// Plan plans the next switch to the copy.
	Plan(context.Context) error
	// Remove removes the copy.
	Remove(context.Context) error
}

// Course starts the load, switches as often as the settings say, and removes the copy. It ends with the first error. The load
// continues until Result.
func (s *Session) Course(ctx context.Context, live, copied model.Colour, c Colours) error {
	if err := s.start(ctx); err != nil {
		return err
	}
	for n := 0; n < s.settings.Switches; n += 2 {
		if n > 0 {
			if err := c.Plan(ctx); err != nil {
				return err
			}
		}
		if err := s.turn(ctx, copied, c.There, c.Left); err != nil {
			return err
		}
		if err := s.turn(ctx, live, c.Back, c.Free); err != nil {
			return err
		}
	}
	if err := c.Remove(ctx); err != nil {
		return err
	}
	_ = model.Sleep(ctx, Tail)
	return nil
}

// start starts the load, which continues when ctx ends, and returns after Lead.
func (s *Session) start(ctx context.Context) error {
	users, err := s.load.Start(context.WithoutCancel(ctx), s.url, s.options)
	if err != nil {
		return err
	}
	s.users, s.began = users, time.Now()
	return model.Sleep(ctx, Lead)
}

// turn switches to a colour, waits for what is in flight on the other one, and gives users some time on it.
func (s *Session) turn(ctx context.Context, to model.Colour, change func(context.Context) error, drain func(context.Context) (bool, error)) error {
	s.switches = append(s.switches, report.DrillSwitch{To: to, At: time.Now()})
	turn := &s.switches[len(s.switches)-1]
	err := change(ctx)
	turn.MS = time.Since(turn.At).Milliseconds()
	if err != nil {
		return err
	}
	began := time.Now()
	turn.Drained, err = drain(ctx)
	if turn.DrainMS = time.Since(began).Milliseconds(); err != nil {
		return err
	}
	return model.Sleep(ctx, Rest)
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
