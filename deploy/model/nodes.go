package model

import "context"

// Nodes are the machines of a cluster. An nginx can be asked only on the machine that it runs on.
type Nodes interface {
	// Own is the id of the machine that is asked.
	Own(ctx context.Context) (string, error)

	// Away says on which other machine an nginx may serve users, where this one cannot ask it; empty: on none. at and nginx
	// are what the journal has of it, and found says that an nginx was found on this machine.
	Away(ctx context.Context, at, nginx string, found bool) (name string, err error)
}
