package mode

import (
	"slices"
	"strings"

	"bluegate/nginx/conf"
)

// defaultServers are the servers that answer, at an address on which they listen, for every host that is the name of none: the
// one that says so, else the first one. `server_name _` does not make one.
func defaultServers(tree []*conf.File) map[*conf.Directive]bool {
	at := map[string]*conf.Directive{}
	said := map[string]bool{}
	conf.Assemble(tree).Walk(func(in *conf.Scope, d conf.Placed) {
		if d.Name.Value != "server" || !d.HasBlock || in.Within("stream") || in.Within("mail") {
			return
		}
		for address, says := range listens(d.Directive) {
			if at[address] == nil || says && !said[address] {
				at[address], said[address] = d.Directive, says
			}
		}
	})
	defaults := map[*conf.Directive]bool{}
	for _, server := range at {
		defaults[server] = true
	}
	return defaults
}

// listens are the addresses at which a server listens, and whether it says that it is the default one there.
func listens(server *conf.Directive) map[string]bool {
	all := map[string]bool{}
	for _, d := range conf.Within(server) {
		if d.Name.Value != "listen" || len(d.Args) == 0 {
			continue
		}
		address := d.Args[0].Value
		if strings.Trim(address, "0123456789") == "" {
			address = "*:" + address
		} else if !hasPort(address) {
			address += ":80"
		}
		address = strings.Replace(address, "0.0.0.0:", "*:", 1)
		all[address] = all[address] || slices.ContainsFunc(d.Args[1:], func(a conf.Arg) bool { return a.Value == "default_server" || a.Value == "default" })
	}
	if len(all) == 0 {
		all["*:80"] = false
	}
	return all
}
