package nginx

import (
	"net"
	"os"
	"slices"
	"strings"

	"bluegate/deploy/model"
)

// isLoopback says whether a host is where it is asked from.
func isLoopback(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// isThisMachine says whether a host is the machine that this process runs on.
func isThisMachine(host string) bool {
	if name, err := os.Hostname(); err == nil && strings.EqualFold(name, host) {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	addresses, err := net.InterfaceAddrs()
	if ip == nil || err != nil {
		return false
	}
	return slices.ContainsFunc(addresses, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.Equal(ip)
	})
}

// seenBy is the directory with what only this nginx knows.
func seenBy(p place, dir *model.Addresses) *model.Addresses {
	return dir.SeenFrom(p.isEngine).WithAliases(p.aliases())
}
