package engine

// The labels of bluegate's containers and of releases. Those of a release are custom labels, which Compose does not hash,
// so that a later `docker compose up` does not recreate the containers.
const (
	// On every container and image of bluegate.
	OwnLabel = "bluegate.own"
	// On a helper container, which may be removed when the run that created it is dead. The value is the project.
	SweepLabel = "bluegate.sweep"
	// On a helper container of a command that holds no lock, in addition: a deployment may run at the same time.
	LooksLabel = "bluegate.looks"
	// On a lock: who holds it.
	HolderLabel = "bluegate.holder"

	// On the containers of a release.
	ReleaseLabel = "bluegate.release"
	// The colour for which a container was created. Its service usually tells the colour, but not if both colours share the
	// service or if it was removed from the files.
	ColourLabel = "bluegate.colour"
	// The application: a Compose project may contain two.
	ApplicationLabel = "bluegate.project"
	// The paths of the files that Compose wrote into a container.
	InjectedLabel = "bluegate.injected"

	// On the name holder: the project, and the host names by network.
	NamesLabel     = "bluegate.names"
	NamesHeldLabel = "bluegate.names.held"

	// On a snapshot: the project, the release, and the name of the original container or service.
	KeptLabel        = "bluegate.kept"
	KeptReleaseLabel = "bluegate.kept.release"
	KeptNameLabel    = "bluegate.kept.name"

	// On a config object of a Swarm that holds a lock: when its lease ends, for people. The object's last change decides.
	LeaseLabel = "bluegate.lease"
	// On config objects of a Swarm that hold a journal or a history: the project, and which version of it.
	JournalLabel = "bluegate.journal"
	HistoryLabel = "bluegate.history"
	VersionLabel = "bluegate.version"
)
