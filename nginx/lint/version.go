package lint

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
)

// version is nginx's own, 1.30.4; zero when it is not known.
type version struct{ major, minor, patch int }

// versionWords matches what `nginx -v` prints: of nginx itself, and of OpenResty, whose version begins with nginx's. The
// forks of nginx count on their own, so that nothing can be concluded from their numbers.
var versionWords = regexp.MustCompile(`nginx version: (?:nginx|openresty)/(\d+)\.(\d+)\.(\d+)`)

func ParseVersion(said string) version {
	m := versionWords.FindStringSubmatch(said)
	if m == nil {
		return version{}
	}
	var n [3]int
	for i := range n {
		n[i], _ = strconv.Atoi(m[i+1]) // digits, as the expression wants them
	}
	return version{n[0], n[1], n[2]}
}

func (v version) known() bool { return v != version{} }

// before is false for a version that is not known.
func (v version) before(other version) bool {
	return v.known() && cmp.Or(cmp.Compare(v.major, other.major), cmp.Compare(v.minor, other.minor), cmp.Compare(v.patch, other.patch)) < 0
}

func (v version) String() string {
	if !v.known() {
		return "nginx"
	}
	return fmt.Sprintf("nginx %d.%d.%d", v.major, v.minor, v.patch)
}

// The versions from which a rule does not apply any more.
var (
	// keepaliveMinTimeout came with it: an idle connection is not closed at once when a worker is told to leave.
	withKeepaliveMinTimeout = version{1, 27, 4}
	// Connections to upstreams are kept without being asked to.
	withUpstreamKeepalive = version{1, 29, 7}
)
