package incontainer

import (
	"slices"
	"strconv"
	"strings"

	"github.com/docker/go-connections/nat"

	"bluegate/nginx/instance"
)

// Aliases implements instance.Instance: the links of nginx's container, and its extra hosts.
func (c *Nginx) Aliases() map[string]string {
	out := map[string]string{}
	add := func(host, alias string) {
		if host != "" && alias != "" {
			out[alias] = host
		}
	}
	if c.Info.NetworkSettings != nil {
		for _, n := range c.Info.NetworkSettings.Networks {
			for _, link := range n.Links { // container:alias
				host, alias, _ := strings.Cut(link, ":")
				add(host, alias)
			}
		}
	}
	if c.Info.ContainerJSONBase != nil && c.Info.HostConfig != nil {
		for _, link := range c.Info.HostConfig.Links { // /container:/nginx/alias
			host, alias, _ := strings.Cut(link, ":")
			add(strings.TrimPrefix(host, "/"), alias[strings.LastIndexByte(alias, '/')+1:])
		}
		for _, extra := range c.Info.HostConfig.ExtraHosts {
			name, ip, _ := strings.Cut(extra, ":")
			add(strings.Trim(ip, "[]"), name)
		}
	}
	return out
}

// IsDockerHost implements instance.Instance. In a network of its own a container reaches the engine's host by a gateway, or by a name
// that stands for it.
func (c *Nginx) IsDockerHost(host string) bool {
	if c.Info.ContainerJSONBase == nil || c.Info.HostConfig == nil {
		return false
	}
	if c.Info.HostConfig.NetworkMode.IsHost() {
		return instance.IsLoopback(host) || c.Opts.Local && instance.IsThisMachine(host)
	}
	gateway := func(host string) bool {
		return c.Info.NetworkSettings != nil && slices.ContainsFunc(c.networks(), func(name string) bool {
			n := c.Info.NetworkSettings.Networks[name]
			return host != "" && (n.Gateway == host || n.IPv6Gateway == strings.Trim(host, "[]"))
		})
	}
	for _, extra := range c.Info.HostConfig.ExtraHosts {
		name, ip, _ := strings.Cut(extra, ":")
		if strings.EqualFold(name, host) {
			return ip == "host-gateway" || gateway(ip) || c.Opts.Local && instance.IsThisMachine(ip)
		}
	}
	return strings.EqualFold(host, "host.docker.internal") || gateway(host) || c.Opts.Local && !instance.IsLoopback(host) && instance.IsThisMachine(host)
}

// Published implements instance.Instance: the ports of the engine's host that lead to one of the container, or that port
// itself where the container has the host's network.
func (c *Nginx) Published(ip string, port int) (addresses []string) {
	if c.Info.ContainerJSONBase != nil && c.Info.HostConfig != nil && c.Info.HostConfig.NetworkMode.IsHost() {
		return []string{instance.AtThisMachine(ip, port)}
	}
	if c.Info.NetworkSettings == nil || instance.IsLoopback(ip) {
		return nil
	}
	for _, binding := range c.Info.NetworkSettings.Ports[nat.Port(strconv.Itoa(port)+"/tcp")] {
		if outside, err := strconv.Atoi(binding.HostPort); err == nil {
			addresses = append(addresses, instance.AtThisMachine(binding.HostIP, outside))
		}
	}
	slices.Sort(addresses) // IPv4 first
	return slices.Compact(addresses)
}
