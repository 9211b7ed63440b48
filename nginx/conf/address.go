package conf

import (
	"net/netip"
	"strconv"
	"strings"
)

// An address is a literal host[:port] inside a word. No escape stands for a byte that it or what may stand before it can
// hold, so the bytes up to its end are in the file as they are in the value.
type address struct {
	host, port string
	start, end int // in the word's value
}

// passSchemes returns the URL schemes that a directive strips before it looks for an address, and whether the directive
// hands requests to an address at all. A URL without a scheme is fine for all of them; for proxy_pass that is the form
// of the stream module.
func passSchemes(directive string) (schemes []string, ok bool) {
	switch directive {
	case "proxy_pass":
		return []string{"http://", "https://"}, true
	case "grpc_pass":
		return []string{"grpc://", "grpcs://"}, true
	case "uwsgi_pass":
		return []string{"uwsgi://", "suwsgi://"}, true
	case "fastcgi_pass", "scgi_pass", "memcached_pass", "tunnel_pass":
		return nil, true
	}
	return nil, false
}

// passAddress returns the address that a *_pass directive names literally. Only a URL for HTTP continues after it.
func passAddress(directive, value string) (address, bool) {
	schemes, ok := passSchemes(directive)
	if !ok {
		return address{}, false
	}
	start := schemeLen(schemes, value)
	a, rest, ok := cutAddress(value, start)
	if directive == "proxy_pass" && start > 0 {
		return a, ok && a.endsBefore(rest)
	}
	return a, ok && rest == ""
}

// serverAddress returns the address of a server inside upstream: nothing may stand behind it.
func serverAddress(value string) (address, bool) {
	a, rest, ok := cutAddress(value, 0)
	return a, ok && rest == ""
}

// schemeLen returns how many bytes of value are a scheme. `$scheme://` is one too when schemes are known: whatever the
// variable holds, the host behind it is literal.
func schemeLen(schemes []string, value string) int {
	for _, s := range schemes {
		if len(value) >= len(s) && strings.EqualFold(value[:len(s)], s) {
			return len(s)
		}
	}
	if name, rest := cutVariable(value); name != "" && schemes != nil && strings.HasPrefix(rest, "://") {
		return len(value) - len(rest) + len("://")
	}
	return 0
}

// cutAddress reads host[:port] at start and returns what stands behind it.
func cutAddress(value string, start int) (a address, rest string, ok bool) {
	host := hostLen(value[start:])
	if host == 0 {
		return address{}, "", false
	}
	a = address{start: start, end: start + host, host: value[start : start+host]}
	rest = value[a.end:]
	if !strings.HasPrefix(rest, ":") {
		return a, rest, true
	}
	digits := 1
	for digits < len(rest) && '0' <= rest[digits] && rest[digits] <= '9' {
		digits++
	}
	a.port = rest[1:digits]
	a.end += digits
	if n, err := strconv.ParseUint(a.port, 10, 16); err != nil || n == 0 {
		return address{}, "", false // as nginx has it; "unix:/path" ends here too
	}
	return a, rest[digits:], true
}

// hostLen returns the length of the host that s begins with. An IPv6 address has brackets around it.
func hostLen(s string) int {
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return 0
		}
		if ip, err := netip.ParseAddr(s[1:end]); err != nil || !ip.Is6() || ip.Zone() != "" {
			return 0
		}
		return end + 1
	}
	n := 0
	for n < len(s) && isHostByte(s[n]) {
		n++
	}
	return n
}

// endsBefore reports whether rest, which stands behind the address, cannot belong to it. A path cannot, nor a query,
// which nginx does not take directly behind an IPv6 host. A variable cannot when it always begins with "/" or "?" or is
// empty: `http://app$request_uri`. Behind a port, the captures $1 to $9 of a location's regular expression count as such:
// nobody puts a port together from two halves, but `location ~ ^/api(/.*) { proxy_pass http://app:3000$1; }` is common.
func (a address) endsBefore(rest string) bool {
	if rest == "" || rest[0] == '/' || rest[0] == '?' && a.host[0] != '[' {
		return true
	}
	switch name, _ := cutVariable(rest); name {
	case "request_uri", "uri", "document_uri", "is_args":
		return true
	case "1", "2", "3", "4", "5", "6", "7", "8", "9":
		return a.port != ""
	}
	return false
}

// cutVariable returns the name of the variable that s begins with, as $name or ${name}.
func cutVariable(s string) (name, rest string) {
	if !strings.HasPrefix(s, "$") {
		return "", s
	}
	braces := strings.HasPrefix(s, "${")
	rest = s[1:]
	if braces {
		rest = s[2:]
	}
	n := 0
	for n < len(rest) && isVariableByte(rest[n]) {
		n++
	}
	if n > 1 && !braces && '1' <= rest[0] && rest[0] <= '9' {
		n = 1 // a capture has one digit: $12 is $1 and a 2
	}
	name, rest = rest[:n], rest[n:]
	if braces {
		if !strings.HasPrefix(rest, "}") {
			return "", s
		}
		rest = rest[1:]
	}
	return name, rest
}

func isVariableByte(c byte) bool {
	return c == '_' || isAlphanumeric(c)
}

// isHostByte reports whether c can stand in a host name. Docker's names have "_"; bytes above ASCII are an unencoded
// international name.
func isHostByte(c byte) bool {
	return c == '-' || c == '.' || c == '_' || c >= 0x80 || isAlphanumeric(c)
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
