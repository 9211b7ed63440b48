package nginx

import (
	"slices"
	"strings"
)

// aliases implements place: the links of nginx's container, and its extra hosts.
func (c *contained) aliases() map[string]string {
	out := map[string]string{}
	add := func(host, alias string) {
		if host != "" && alias != "" {
			out[alias] = host
		}
	}
	if c.info.NetworkSettings != nil {
		for _, n := range c.info.NetworkSettings.Networks {
			for _, link := range n.Links { // container:alias
				host, alias, _ := strings.Cut(link, ":")
				add(host, alias)
			}
		}
	}
	if c.info.ContainerJSONBase != nil && c.info.HostConfig != nil {
		for _, link := range c.info.HostConfig.Links { // /container:/nginx/alias
			host, alias, _ := strings.Cut(link, ":")
			add(strings.TrimPrefix(host, "/"), alias[strings.LastIndexByte(alias, '/')+1:])
		}
		for _, extra := range c.info.HostConfig.ExtraHosts {
			name, ip, _ := strings.Cut(extra, ":")
			add(strings.Trim(ip, "[]"), name)
		}
	}
	return out
}

// isEngine implements place. In a network of its own a container reaches the engine's host by a gateway, or by a name
// that stands for it.
func (c *contained) isEngine(host string) bool {
	if c.info.ContainerJSONBase == nil || c.info.HostConfig == nil {
		return false
	}
	if c.info.HostConfig.NetworkMode.IsHost() {
		return isLoopback(host) || c.opts.Local && isThisMachine(host)
	}
	gateway := func(host string) bool {
		return c.info.NetworkSettings != nil && slices.ContainsFunc(c.networks(), func(name string) bool {
			n := c.info.NetworkSettings.Networks[name]
			return host != "" && (n.Gateway == host || n.IPv6Gateway == strings.Trim(host, "[]"))
		})
	}
	for _, extra := range c.info.HostConfig.ExtraHosts {
		name, ip, _ := strings.Cut(extra, ":")
		if strings.EqualFold(name, host) {
			return ip == "host-gateway" || gateway(ip) || c.opts.Local && isThisMachine(ip)
		}
	}
	return strings.EqualFold(host, "host.docker.internal") || gateway(host) || c.opts.Local && !isLoopback(host) && isThisMachine(host)
}
