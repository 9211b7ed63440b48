package load

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bluegate/deploy/model"
)

// conflicts refuses, with both places, what two colours cannot have at the same time.
func conflicts(app model.Application) error {
	blue, green := app.Models[model.Blue], app.Models[model.Green]
	var reasons []model.Reason
	clash := func(a, b model.Service, format string, args ...any) {
		reasons = append(reasons, model.Reason{Code: model.CannotCoexist, Service: a.Name,
			Message: fmt.Sprintf(format, args...) + fmt.Sprintf(" (%s and %s)", a.Place, b.Place)})
	}
	for _, a := range blue.Services {
		for _, b := range green.Services {
			if a.Shared && b.Shared {
				continue
			}
			if a.Name == b.Name && blue.ComposeProject == green.ComposeProject {
				clash(a, b, "both colours have a service %q in one Compose project %q, so starting one would replace the other; give them different names, or give each colour a project (compose.project: \"…-{colour}\")", a.Name, blue.ComposeProject)
			}
			if a.ContainerName != "" && a.ContainerName == b.ContainerName {
				clash(a, b, "both colours use the container name %q", a.ContainerName)
			}
			for _, port := range a.HostPorts {
				if !roomFor(port, a.Replicas+b.Replicas) && slices.ContainsFunc(b.HostPorts, func(p string) bool { return samePort(port, p) }) {
					clash(a, b, "both colours publish host port %s", port)
				}
			}
		}
	}
	if len(reasons) == 0 {
		return nil
	}
	return &model.InvalidError{Reasons: reasons, Err: errors.New("the colours cannot run at the same time: " + reasons[0].Message)}
}

// samePort compares ip:port/protocol; no ip means every ip.
func samePort(a, b string) bool {
	ipA, portA := cutPort(a)
	ipB, portB := cutPort(b)
	return portA == portB && (ipA == ipB || ipA == "" || ipB == "")
}

// roomFor says whether a port is a range that is large enough for so many containers: the engine gives each of them a
// free port.
func roomFor(hostPort string, containers int) bool {
	_, text := cutPort(hostPort)
	text, _, _ = strings.Cut(text, "/")
	from, to, _ := strings.Cut(text, "-")
	first, errFirst := strconv.Atoi(from)
	last, errLast := strconv.Atoi(to)
	return errFirst == nil && errLast == nil && last-first+1 >= containers
}

func cutPort(s string) (ip, port string) {
	at := strings.LastIndex(s, ":")
	if at < 0 {
		return "", s
	}
	ip = s[:at]
	if ip == "0.0.0.0" || ip == "::" {
		ip = ""
	}
	return ip, s[at+1:]
}
