package model

import (
	"context"

	"bluegate/deploy/gate"
)

// Stack is what a deployment asks of Compose and of the containers of both colours. Every method returns
// *UnreachableError when the engine does not answer, and acts on the colours' own containers only. So do ImageStore,
// Archive and NameHolder.
type Stack interface {
	// Load reads the Compose files of both colours. What is wrong in them is an *InvalidError.
	Load(ctx context.Context) (Application, error)

	// Require refuses m for what it takes for granted and the engine does not have: external networks and volumes, and
	// container names that nothing else has. It changes nothing.
	Require(ctx context.Context, m Model) error

	// Containers inspects every container of both colours, stopped ones too.
	Containers(ctx context.Context, app Application) ([]Container, error)

	// Up creates fresh containers for m, labelled with the release, and starts them in dependency order. What m
	// depends on and runs already is left alone. Up calls created when all exist and before the first is started, and
	// returns when all are started, not when they are healthy.
	Up(ctx context.Context, m Model, release string, created func(context.Context) error) error

	// Watch reports each change of the release's containers until ctx ends. It may be called before Up, repeats
	// itself, and survives a broken event stream by polling.
	Watch(ctx context.Context, m Model, release string) <-chan ContainerEvent

	// LogTail returns the last lines of a container's log, neutralised for a terminal.
	LogTail(ctx context.Context, id string, lines int) ([]string, error)

	// Retire takes a restart policy away from containers and stops them side by side, each with its own grace, after their
	// pre_stop hooks. A *StopHookError says that a hook failed; the containers are stopped all the same.
	Retire(ctx context.Context, containers []Container) error

	// Remove removes containers, running or not, with their anonymous volumes, after the pre_stop hooks of those that run;
	// and what a failed pre_start hook of their services left. One that is already gone is not an error. A *StopHookError
	// says that a hook failed; the containers are removed all the same.
	Remove(ctx context.Context, containers []Container) error
}

// ImageStore is what a deployment asks of the engine's images and of their registries.
type ImageStore interface {
	// Images says what the engine holds for each service of m.
	Images(ctx context.Context, m Model) ([]Image, error)

	// Pull asks the registries for the images of the named services. It calls tell, also from several goroutines at once,
	// with how far it is.
	Pull(ctx context.Context, m Model, services []string, tell func(Transfer)) error

	// Offered asks the registry of an image for its manifest, with the credentials of a pull, and pulls nothing. A registry
	// that does not have the image, or refuses it, is a *NotOfferedError; another error says that it could not be asked.
	Offered(ctx context.Context, ref string) error

	// Build builds the images of the named services. A build that fails is a *RefusedError with the end of its log. It
	// calls tell with how far it is.
	Build(ctx context.Context, m Model, services []string, tell func(Transfer)) error

	// RemoveImages removes the images that nothing uses and gives moved tags back; it returns what it removed.
	RemoveImages(ctx context.Context, images []PulledImage) ([]string, error)

	// Prune removes images that nothing uses, and returns those that it removed and those that are still in use.
	Prune(ctx context.Context, images []PulledImage) (removed []string, left []PulledImage, err error)
}

// Archive is what a deployment asks of the engine so that a release that has retired can come back.
type Archive interface {
	// Keep holds what a release's containers are made of, and their images, until Forget. It can be repeated.
	Keep(ctx context.Context, project string, rec ReleaseRecord) error

	// Revive gives a release's containers their restart policies back and starts them in dependency order. Those that
	// are gone are recreated from what Keep holds, labelled with the release. It calls created when all exist and before
	// the first is started, and returns when all are started.
	Revive(ctx context.Context, project string, rec ReleaseRecord, created func(context.Context) error) error

	// RestoreRestart gives containers the restart policies back that were taken from them when they retired.
	RestoreRestart(ctx context.Context, containers []RetainedContainer) error

	// Held says which of a release's containers could not be recreated, because what Keep held is gone.
	Held(ctx context.Context, project string, rec ReleaseRecord) (missing []RetainedContainer, err error)

	// Forget lets go of what Keep holds of the application's other releases, not of another application's that has the same
	// name.
	Forget(ctx context.Context, project string, but []string) error
}

// ContainerEvent is one observation of a release's container: a sample, or that it is gone.
type ContainerEvent struct {
	Sample  gate.Sample
	Gone    string // id of a container that was removed
	Trouble error  // the engine did not answer; it will be asked again
}

// PulledImage is an image that a release brought to the engine by pulling it.
type PulledImage struct {
	Ref    string `json:"ref"`
	ID     string `json:"id"`
	Before string `json:"before,omitempty"` // the image that the tag named before; empty: none
}
