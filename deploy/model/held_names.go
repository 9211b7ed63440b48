package model

import (
	"context"
)

// NameHolder is what a deployment asks of the engine so that nginx can start again while a colour is stopped: nginx does
// not start while a host name of its configuration does not resolve.
type NameHolder interface {
	// CanHold refuses host names that could not be held for an nginx. Nothing is changed.
	CanHold(ctx context.Context, nginx string, names []HeldName) error

	// Hold makes the engine resolve exactly these names for an nginx, in addition to those of running containers. It can be
	// repeated, and a name that was held and is to be held still resolves all the time.
	Hold(ctx context.Context, project, nginx string, names []HeldName) error

	// HeldNames says which names are held for a project; nil: none.
	HeldNames(ctx context.Context, project string) (*NamesReport, error)
}

// HeldName is a host name in nginx's files that belongs to no running container.
type HeldName struct {
	Colour   Colour
	Host     string
	Networks []string // of the service; empty: not known any more
}

// NamesReport says which host names are held, by which container. `docker compose down` cannot remove these networks
// while it is there.
type NamesReport struct {
	Container string   `json:"container"`
	Hosts     []string `json:"hosts"`
	Networks  []string `json:"networks"`
}
