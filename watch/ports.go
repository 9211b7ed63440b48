package watch

import (
	"context"
	"time"

	"bluegate/deploy/check"
	"bluegate/deploy/model"
)

// Question is a check with what is needed to measure it.
type Question struct {
	Name string
	// Samples is how many measurements are made each time, one after the other.
	Samples int
	// Check says what is asked and what a good answer is. Latency and DaysLeft say when it is degraded.
	check.Check
	Container model.Container // from where it is asked, for check.Container
	// OfApplication says that the answer is the live colour's, so that a deployment excuses a bad one.
	OfApplication bool
}

// Asker asks the question of a check.
type Asker interface {
	// Ask returns a result also when there is no answer. An error says that it could not be asked, which is no statement
	// about what is asked.
	Ask(ctx context.Context, q Question) (check.Result, error)
}

// Application is a deployed application. An error of a method says that the engine did not answer.
type Application interface {
	// Look asks the engine and nginx what is there. It takes no lock and changes nothing.
	Look(ctx context.Context) (Look, error)
	// Deploying says whether a deployment is under way at this moment; nil: none is.
	Deploying(ctx context.Context) (*Deploying, error)
	// Events sends when the engine reports that a container of the application changed, until ctx ends.
	Events(ctx context.Context) <-chan struct{}
	// Restart restarts a container if it still is one of the live colour and still is not healthy, or does what else helps
	// it, and returns what it did: "restarted". It returns nothing if it did not have to, or could not. An error next to
	// what it did is what a person has to do about it.
	Restart(ctx context.Context, id string) (did string, err error)
	// Rollback makes the previous release live, through the gate and under the lock, if leaving is still the live release. The
	// outcome is Locked if someone else deploys, or has made another release live.
	Rollback(ctx context.Context, leaving string) (model.Outcome, string)
	// EndPreview removes a release that waited to be promoted, under the lock, if its time is over. The outcome is Locked if
	// someone else deploys.
	EndPreview(ctx context.Context) (model.Outcome, string)
}

// Look is what was seen of an application.
type Look struct {
	Deploying *Deploying
	Live      model.Colour
	LiveBy    string
	Release   string // that is live; empty: not known
	Colours   []ColourState
	Preview   *Preview // that waits to be promoted; nil: none
	// Problem is why users are not served, if nothing of the live colour is to blame: nginx does not run.
	Problem string
	// Doubt is why it is not known what users are served.
	Doubt string
	// Questions are the checks of the live colour.
	Questions []Question
	// Deployments ended; the same ones may be seen again.
	Deployments []Deployment
}

// Trouble is why users are not served as they should be; empty: they are, or it is not known.
func (l Look) Trouble() string {
	if bad := l.unhealthy(); l.Problem == "" && len(bad) > 0 {
		return problemsOf(bad)
	}
	return l.Problem
}

// unhealthy are the containers of the live colour that are not healthy.
func (l Look) unhealthy() (all []ContainerState) {
	for _, c := range l.Colours {
		if !c.Live {
			continue
		}
		for _, one := range c.Containers {
			if one.Problem != "" {
				all = append(all, one)
			}
		}
	}
	return all
}

// History keeps what is seen. Its methods may be called by several goroutines.
type History interface {
	// Add takes samples. It returns at once.
	Add(samples ...Sample)
	// Record writes a change, the event that tells of it, and a delivery for each target, all or nothing.
	Record(ctx context.Context, c Change, e *Event, targets []string) error
	// LastChange is the last change of a check; nil: there is none.
	LastChange(ctx context.Context, subject string) (*Change, error)
	AddDeployment(ctx context.Context, d Deployment) error
	// Keep writes a value that a later process reads with Kept. A value that was never kept is empty.
	Keep(ctx context.Context, key, value string) error
	Kept(ctx context.Context, key string) (string, error)
	// Trouble says why entries are not written to the file; empty: they are.
	Trouble() string
	Subscribe(ctx context.Context) <-chan struct{}
}

// Recorder is all that a watch needs of a history.
type Recorder interface {
	History
	Past
	Queue(ctx context.Context, e Event, targets []string) error
}

// Nobody is a Notifier of a watch that tells nobody.
type Nobody struct{}

// Targets implements Notifier.
func (Nobody) Targets(Event) []string { return nil }

// Wake implements Notifier.
func (Nobody) Wake() {}

// Settings are what the user chose.
type Settings struct {
	Project   string
	Every     time.Duration
	DownAfter int
	UpAfter   int
	Heal      Budget
}
