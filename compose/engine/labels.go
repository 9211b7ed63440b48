package engine

// What marks containers of ours and of releases. A release's are custom labels, which Compose does not hash, so that a
// later `docker compose up` finds nothing to recreate.
const (
	// On every container and image of ours.
	OwnLabel = "bluegate.own"
	// On a helper container, which may be removed when the run that made it is dead. Its value is the project.
	SweepLabel = "bluegate.sweep"
	// On a lock: who holds it.
	HolderLabel = "bluegate.holder"

	// On a release's containers.
	ReleaseLabel = "bluegate.release"
	// For which colour one was made. The services of a colour tell it anyway; those that both share do not, and neither
	// do those that the files have lost since.
	ColourLabel = "bluegate.colour"
	// For which application: a Compose project may hold two.
	ApplicationLabel = "bluegate.project"
	// Where Compose wrote files into it.
	InjectedLabel = "bluegate.injected"

	// On the name holder: the project, and the host names by network.
	NamesLabel     = "bluegate.names"
	NamesHeldLabel = "bluegate.names.held"

	// On a keeper: the project, its release, and the name of the container for which it stands.
	KeptLabel        = "bluegate.kept"
	KeptReleaseLabel = "bluegate.kept.release"
	KeptNameLabel    = "bluegate.kept.name"
)
