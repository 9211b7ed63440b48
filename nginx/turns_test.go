package nginx

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/instance"
	"bluegate/testdata/sample"
)

// A site is an nginx with both colours behind it, blue live, wherever it is, however its configuration is kept and
// however it is switched.
type site struct {
	*testing.T
	plan    func() (*observed, model.Change) // to green, read again and rehearsed
	targets func() []model.Target
	colour  func() string // that a request on a connection of its own meets
	state   func() string // of the folder of the file that a switch writes: names, owners, modes, times, bytes

	edit    func() (undo func())            // someone saves that file, as it was except for a comment
	more    func(conf string) (undo func()) // another site's file, which nginx has not loaded
	listen  func(port string) (undo func()) // another process, at a port of nginx's network namespace
	strange func() (undo func())            // green's name leads to someone else; nil where none is used
	restart func()                          // nginx, as by its package or its owner
	hold    func() (leave func())           // the master stands still
}

// moment is when something goes wrong.
type moment int

const (
	rehearsed moment = iota // the gate has opened, nginx is looked at next
	looked                  // and the new bytes are written next
	tested                  // the new bytes are there, the signal comes next
	signalled               // and was sent
)

// tripped is a place at which something happens in the middle of a switch, once.
type tripped struct {
	instance.Instance
	at moment
	do func()
}

func (p *tripped) trip(at moment) {
	if do := p.do; do != nil && p.at == at {
		p.do = nil
		do()
	}
}

// OtherAtStart has the switch done in two requests, so that something can happen in between.
func (p *tripped) OtherAtStart(context.Context, []model.FileChange) bool { return true }

func (p *tripped) Apply(ctx context.Context, files []model.FileChange, how agent.Apply) (agent.Applied, error) {
	if how.Load {
		p.trip(tested)
	}
	done, err := p.Instance.Apply(ctx, files, how)
	if how.Load {
		p.trip(signalled)
	}
	return done, err
}

// A turn is what goes wrong.
type turn struct {
	name string
	at   moment
	do   func(s *site) (undo func())
	// says is what the error has to say, a regular expression; empty where it may also have been switched, as it is when
	// nginx is restarted.
	says string
	// edits says that the file holds someone's bytes afterwards; kept says that these came over ours.
	edits, kept bool
}

const takenPort = "8099"

var turns = []turn{
	{name: "the port of another site is taken", at: rehearsed, says: "nginx did not load it", do: func(s *site) func() {
		return together(s.listen(takenPort), s.more("server { listen "+takenPort+"; }\n"))
	}},
	{name: "another site is broken", at: rehearsed, says: `unknown directive "listne"`, do: func(s *site) func() {
		return s.more("server { listne 80; }\n")
	}},
	{name: "an edit by hand", at: looked, says: "someone else changed it", edits: true, do: func(s *site) func() { return s.edit() }},
	{name: "an edit by hand just before the signal", at: tested, says: "does not hold what was written|not this switch's token", edits: true, kept: true, do: func(s *site) func() { return s.edit() }},
	{name: "a stranger at the address", at: rehearsed, says: "is not the release's", do: func(s *site) func() { return s.strange() }},
	{name: "a stranger at the address before the signal", at: tested, says: "is not the release's|host not found", do: func(s *site) func() { return s.strange() }},
	{name: "restarted", at: rehearsed, do: func(s *site) func() { s.restart(); return nil }},
	{name: "restarted before the signal", at: tested, do: func(s *site) func() { s.restart(); return nil }},
	{name: "restarted behind the signal", at: signalled, do: func(s *site) func() { s.restart(); return nil }},
}

// held takes long, and has nothing to do with how the configuration is kept.
var held = turn{name: "the master stands still", at: tested, says: "its workers did not change|has been busy with an earlier signal", do: func(s *site) func() { return s.hold() }}

func together(one, other func()) func() { return func() { one(); other() } }

// meets lets a switch meet a wrong turn. It is never said to have been done while blue is served, and never leaves a
// changed file behind.
func (s *site) meets(turn turn) {
	s.Helper()
	r, change := s.plan()
	r.limit = 6 * time.Second
	was, colour := s.state(), "blue"
	undo := func() {}
	do := func() {
		if again := turn.do(s); again != nil {
			undo = again
		}
		if turn.edits {
			was = s.state()
		}
		if turn.edits && turn.at == looked {
			colour = s.colour()
		}
	}
	here, over := r.found, switching(r.Switch)
	switch turn.at {
	case rehearsed:
		do()
	case looked:
		over = after(do, r.Switch)
	default:
		r.found = &tripped{Instance: here, at: turn.at, do: do}
	}
	_, err := over(s.Context(), change, s.targets(), begun)
	r.found = here
	if err == nil && turn.says == "" {
		if got := s.colour(); got != "green" {
			s.Errorf("%s: it was switched, and %q answers", turn.name, got)
		}
		if err := r.Restore(s.Context(), change); err != nil {
			s.Fatalf("%s: point back: %v", turn.name, err)
		}
	} else {
		s.undone(turn, err)
	}
	if got := s.colour(); got != colour {
		s.Errorf("%s: %q answers, want %s; %v", turn.name, got, colour, err)
	}
	if got := s.state(); got != was {
		s.Errorf("%s: there is\n%s\nand was\n%s", turn.name, got, was)
	}
	undo()
}

// undone wants an error that says why, and that all was taken back but what is someone else's.
func (s *site) undone(turn turn, err error) {
	s.Helper()
	if err == nil || !regexp.MustCompile(turn.says).MatchString(err.Error()) {
		s.Errorf("%s: %v, want %q", turn.name, err, turn.says)
	}
	var failed *model.NotSwitchedError
	if errors.As(err, &failed) && (failed.Restored != nil) != turn.kept {
		s.Errorf("%s: %v, and taken back: %v", turn.name, err, failed.Restored)
	}
}

// meetsAll lets a switch meet a sample of the turns, a different one in each row of a matrix. It also wants a switch that
// nothing disturbs to succeed after all of them.
func (s *site) meetsAll(row int, turns ...turn) {
	s.Helper()
	for _, turn := range sample.RowsOf(s, row, turns, 8) {
		if s.strange != nil || !strings.Contains(turn.name, "stranger") {
			s.meets(turn)
		}
	}
	r, change := s.plan()
	if _, err := r.Switch(s.Context(), change, s.targets(), begun); err != nil {
		s.Fatalf("after all that: %v", err)
	}
	if got := s.colour(); got != "green" {
		s.Errorf("after all that %q answers", got)
	}
}
