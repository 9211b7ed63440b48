package names

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"

	"bluegate/compose/engine"
)

// A static address (ipv4_address) of a container that is stopped is free for the engine: it may give it to the name holder,
// and then the container does not start. So on a network on which anyone has a static address, the holder has one of its
// own, at the end of the subnet. Such a network has a subnet that the user chose, or nobody could have a static address.

// triedAddresses bounds how many addresses from the end of a subnet are looked at.
const triedAddresses = 1024

// fixedAddresses are the addresses of one network that somebody relies on, and those that are in use now.
type fixedAddresses struct{ static, used map[netip.Addr]bool }

// fixedOn collects the static addresses of a network: of all containers, running or not, and of the Compose files.
func (h *Holder) fixedOn(ctx context.Context, name string) (fixedAddresses, error) {
	all := fixedAddresses{map[netip.Addr]bool{}, map[netip.Addr]bool{}}
	rows, err := h.Engine.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("network", name))})
	if err != nil {
		return all, err
	}
	for _, row := range rows {
		if row.NetworkSettings == nil || row.NetworkSettings.Networks[name] == nil {
			continue
		}
		n := row.NetworkSettings.Networks[name]
		add(all.used, n.IPAddress, n.GlobalIPv6Address)
		if n.IPAMConfig != nil && row.Labels[engine.NamesLabel] == "" {
			add(all.static, n.IPAMConfig.IPv4Address, n.IPAMConfig.IPv6Address)
		}
	}
	h.addDeclared(all.static, name)
	return all, nil
}

// addDeclared adds the static addresses that the Compose files give on a network: their containers may not be there yet.
func (h *Holder) addDeclared(to map[netip.Addr]bool, name string) {
	for _, p := range h.projects() {
		for _, service := range p.Services {
			for key, n := range service.Networks {
				if n != nil && p.Networks[key].Name == name {
					add(to, n.Ipv4Address, n.Ipv6Address)
				}
			}
		}
	}
}

// add adds addresses as the engine writes them; empty ones are none.
func add(to map[netip.Addr]bool, texts ...string) {
	for _, text := range texts {
		if ip, err := netip.ParseAddr(text); err == nil {
			to[ip.Unmap()] = true
		}
	}
}

// holderAddress is the address that the holder has on a network; nil: the engine may choose it.
func (h *Holder) holderAddress(ctx context.Context, name string) (*network.EndpointIPAMConfig, error) {
	fixed, err := h.fixedOn(ctx, name)
	if err != nil || len(fixed.static) == 0 {
		return nil, err
	}
	info, err := h.Engine.NetworkInspect(ctx, name, network.InspectOptions{})
	if err != nil {
		return nil, err
	}
	out := &network.EndpointIPAMConfig{}
	for _, c := range info.IPAM.Config {
		subnet, err := netip.ParsePrefix(c.Subnet)
		if err != nil || !fixed.within(subnet) {
			continue
		}
		others := []string{c.Gateway}
		for _, a := range c.AuxAddress {
			others = append(others, a)
		}
		ip, ok := fixed.free(subnet, others)
		switch {
		case !ok:
			return nil, fmt.Errorf("the network %s (%s) has no address left that no container has as its own", name, c.Subnet)
		case ip.Is4():
			out.IPv4Address = ip.String()
		default:
			out.IPv6Address = ip.String()
		}
	}
	return out, nil
}

// within says whether a static address lies in a subnet.
func (f fixedAddresses) within(subnet netip.Prefix) bool {
	for ip := range f.static {
		if subnet.Contains(ip) {
			return true
		}
	}
	return false
}

// free is the last address of a subnet that nobody has.
func (f fixedAddresses) free(subnet netip.Prefix, others []string) (netip.Addr, bool) {
	ip := lastOf(subnet)
	for range triedAddresses {
		if ip = ip.Prev(); !ip.IsValid() || !subnet.Contains(ip) || ip == subnet.Masked().Addr() {
			break
		}
		if !f.static[ip] && !f.used[ip] && !slices.Contains(others, ip.String()) {
			return ip, true
		}
	}
	return netip.Addr{}, false
}

// lastOf is the last address of a subnet, which is the broadcast address in IPv4.
func lastOf(subnet netip.Prefix) netip.Addr {
	bytes := subnet.Masked().Addr().AsSlice()
	for bit := subnet.Bits(); bit < len(bytes)*8; bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	ip, _ := netip.AddrFromSlice(bytes) // 4 or 16 bytes
	return ip
}

// inTheWay says whether a holder has an address that somebody relies on: one of an earlier version, or one that the Compose
// files have given away since.
func (h *Holder) inTheWay(ctx context.Context, holder container.Summary) (bool, error) {
	if holder.NetworkSettings == nil {
		return false, nil
	}
	for name, n := range holder.NetworkSettings.Networks {
		fixed, err := h.fixedOn(ctx, name)
		if err != nil {
			return false, err
		}
		for _, text := range []string{n.IPAddress, n.GlobalIPv6Address} {
			if ip, err := netip.ParseAddr(text); err == nil && fixed.static[ip] {
				return true, nil
			}
		}
	}
	return false, nil
}
