// Package mode knows which colour a configuration of nginx names, and the change that makes it name the other one. It is
// pure: it reads files that are given to it, and writes none.
package mode

import (
	"fmt"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
	"bluegate/nginx/fsys"
)

// Mode is a way to make nginx's configuration name a colour. It reads and plans; the Router does the rest.
type Mode interface {
	// standIn is what to read in the place of files that the first deployment is going to make.
	StandIn(c Configuration) (map[string][]byte, error)

	// observe says what the configuration names: Points, Names, Findings, and as Refusal what of it forbids a switch.
	Observe(c Configuration, dir *model.Addresses, route *model.Route)

	// plan is the change that makes it name a colour.
	Plan(c Configuration, route model.Route, dir *model.Addresses, to model.Colour) (model.Change, error)
}

// Configuration is that of one nginx as it was read.
type Configuration struct {
	Nginx fmt.Stringer
	Files fsys.Source
	Main  string
	Tree  []*conf.File
	// seenAs is the path under which nginx sees a file of the host, if it does.
	SeenAs func(hostPath string) (string, bool)
}
