package model

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"
)

// numericHost is the IPv4 address that a host is in one of the older spellings that resolvers take: 127.1, 0x7f000001,
// 2130706433. In an address of four numbers a zero before one does not make it octal: nginx reads such an address itself.
func numericHost(host string) (netip.Addr, bool) {
	parts := strings.Split(strings.ToLower(host), ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var ip [4]byte
	for i, part := range parts {
		bits := 8
		if i == len(parts)-1 { // which fills what is left
			bits = 32 - 8*i
		}
		n, ok := numericPart(part, len(parts) == 4, bits)
		if !ok {
			return netip.Addr{}, false
		}
		var filled [4]byte
		binary.BigEndian.PutUint32(filled[:], n<<(32-8*i-bits))
		for at := i; at < i+bits/8; at++ {
			ip[at] = filled[at]
		}
	}
	return netip.AddrFrom4(ip), true
}

func numericPart(part string, decimal bool, bits int) (uint32, bool) {
	base := 0
	if decimal && !strings.HasPrefix(part, "0x") {
		base = 10
	}
	if strings.Contains(part, "_") || strings.HasPrefix(part, "0o") || strings.HasPrefix(part, "0b") { // which are Go's alone
		return 0, false
	}
	n, err := strconv.ParseUint(part, base, bits)
	return uint32(n), err == nil
}
