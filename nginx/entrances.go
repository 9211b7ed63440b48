package nginx

import (
	"slices"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
	"bluegate/nginx/entrance"
)

// entrances are the addresses of the engine's machine at which requests come in that the configuration may pass to a
// colour.
func (n *observed) entrances(points []model.SwitchPoint) (all []model.Entrance) {
	var names []string
	for _, p := range points {
		if p.Upstream != "" {
			names = append(names, p.Upstream)
		}
		names = append(names, p.Endpoint.Host)
	}
	for _, s := range entrance.Of(conf.Assemble(n.conf.Tree), names) {
		for _, at := range n.found.Published(s.IP, s.Port) {
			e := model.Entrance{URL: "http://" + at, Host: s.Host}
			if s.TLS {
				e.URL = "https://" + at
			}
			if !slices.Contains(all, e) {
				all = append(all, e)
			}
		}
	}
	return all
}
