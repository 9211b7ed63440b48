package instance

import (
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"bluegate/deploy/model"
)

// IsLoopback says whether a host is where it is asked from. A connection to the address of none leads there too.
func IsLoopback(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}

// IsThisMachine says whether a host is the machine that this process runs on.
func IsThisMachine(host string) bool {
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

// SeenBy is the directory with what only this nginx knows.
func SeenBy(p Instance, dir *model.Addresses) *model.Addresses {
	return dir.SeenFrom(p.IsDockerHost).WithAliases(p.Aliases())
}

// AtThisMachine is the address of this machine for what listens at ip or, where that is empty or stands for all, at every
// address.
func AtThisMachine(ip string, port int) string {
	if parsed := net.ParseIP(ip); ip == "" || parsed.IsUnspecified() && parsed.To4() != nil {
		ip = "127.0.0.1"
	} else if parsed.IsUnspecified() {
		ip = "::1"
	}
	return net.JoinHostPort(ip, strconv.Itoa(port))
}
