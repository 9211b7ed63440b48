package plan

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/model"
)

// NotLoadedAddresses are the containers of the live colour that nginx does not know: they have another address since they
// were started, and nginx looked their name up before that. It may still send requests to the address before.
func (o Observation) NotLoadedAddresses() (unknown []model.Container) {
	if o.Live.Colour == model.None || o.Route.Since.IsZero() || o.Route.State != model.RouterRunning {
		return nil
	}
	for _, c := range o.Of(o.Live.Colour) {
		if c.Moves && c.Running && c.Sample.StartedAt.After(o.Route.Since.Add(time.Second)) && o.looksUp(c) {
			unknown = append(unknown, c)
		}
	}
	return unknown
}

// looksUp says whether nginx's configuration reaches a container by a name.
func (o Observation) looksUp(c model.Container) bool {
	return slices.ContainsFunc(o.Route.Points, func(p model.SwitchPoint) bool {
		_, err := netip.ParseAddr(strings.Trim(p.Endpoint.Host, "[]"))
		return p.Endpoint.Colour == c.Colour && p.Endpoint.Service == c.Service && !p.Endpoint.Published && err != nil
	})
}

// AddressesNotLoaded says for status and doctor which containers nginx does not know.
func (o Observation) AddressesNotLoaded() (found []model.Finding) {
	for _, c := range o.NotLoadedAddresses() {
		found = append(found, model.Finding{
			Code: "address-not-loaded", Place: c.Name, Message: NotLoadedAddress(o.Route, c),
			Cost: "nginx sends it no request, and those that it sends to the address before fail, or wait for proxy_connect_timeout", Remedy: "bluegate settle",
		})
	}
	return found
}

// NotLoadedAddress says it of one container.
func NotLoadedAddress(route model.Route, c model.Container) string {
	return fmt.Sprintf("%s does not know the address of %s, which was started at %s, after nginx last loaded its configuration (%s)",
		route.Nginx, c.Name, c.Sample.StartedAt.UTC().Format(time.RFC3339), route.Since.UTC().Format(time.RFC3339))
}
