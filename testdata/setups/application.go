// Package setups generates setups that nobody wrote by hand: applications as Compose files, and configurations of nginx in
// front of them.
package setups

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// Project is the name of every generated Compose project.
const Project = "shop"

// Service is a pair of services: one for each colour.
type Service struct {
	Key      string         // the name without its colour
	Pattern  string         // of the name, with {key} and {colour}
	Ports    map[string]int // by colour
	Declared bool           // with expose
	More     int            // another port that is declared; 0: none
	Replicas int
	Named    bool // container_name
	Alias    bool
	Shared   bool // an alias that both colours have
	Hostname bool
	Fixed    bool // a static address
	Back     bool // it is on the network that nginx is not on, and on that only
	Volume   bool
	After    []string // keys
	at       int      // its place among the services
}

// Name is the service of a colour.
func (s Service) Name(colour string) string {
	return strings.NewReplacer("{key}", s.Key, "{colour}", colour).Replace(s.Pattern)
}

// Container is the name of a container, counted from 1.
func (s Service) Container(colour string, n int) string {
	if s.Named {
		return "box-" + s.Key + "-" + colour
	}
	return fmt.Sprintf("%s-%s-%d", Project, s.Name(colour), n)
}

// Aliases are its other names that a Compose file gives it.
func (s Service) Aliases(colour string) (names []string) {
	if s.Alias {
		names = append(names, "alias-"+s.Key+"."+colour)
	}
	if s.Shared {
		names = append(names, "any-"+s.Key)
	}
	return names
}

// Host is its hostname; empty: it has none of its own.
func (s Service) Host(colour string) string {
	if !s.Hostname {
		return ""
	}
	return "host-" + s.Key + "-" + colour
}

// Network is the one that it is on.
func (s Service) Network() string {
	if s.Back {
		return Project + "-back"
	}
	return Project + "-front"
}

// Address is the address of a container on its network, static or not.
func (s Service) Address(colour string, n int) string {
	third := map[string]int{"blue": 10, "green": 20}[colour]
	if s.Back {
		third += 100
	}
	return fmt.Sprintf("10.213.%d.%d", third, 10*(s.at+1)+n)
}

// Names are all names and addresses by which Docker's DNS, or the network, leads to a container.
func (s Service) Names(colour string, n int) []string {
	names := append([]string{s.Name(colour), s.Container(colour, n), s.Host(colour)}, s.Aliases(colour)...)
	names = slices.DeleteFunc(names, func(name string) bool { return name == "" })
	for _, name := range slices.Clone(names) {
		names = append(names, name+"."+s.Network())
	}
	return append(names, s.Address(colour, n))
}

// Compose is the Compose file of a colour.
func (s Setup) Compose(colour string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "name: %s\nservices:\n", Project)
	volumes := ""
	for _, service := range s.Services {
		fmt.Fprintf(&b, "  %s:\n    image: %s\n", service.Name(colour), s.image())
		fmt.Fprintf(&b, "    environment: {SERVICE: %s, COLOUR: %s, PORT: \"%d\"}\n", service.Key, colour, service.Ports[colour])
		if service.Declared {
			ports := fmt.Sprintf("%q", fmt.Sprint(service.Ports[colour]))
			if service.More > 0 {
				ports += fmt.Sprintf(", \"%d\"", service.More)
			}
			fmt.Fprintf(&b, "    expose: [%s]\n", ports)
		}
		if service.Named {
			fmt.Fprintf(&b, "    container_name: %s\n", service.Container(colour, 1))
		}
		if service.Replicas > 1 {
			fmt.Fprintf(&b, "    deploy: {replicas: %d}\n", service.Replicas)
		}
		if host := service.Host(colour); host != "" {
			fmt.Fprintf(&b, "    hostname: %s\n", host)
		}
		network := strings.TrimPrefix(service.Network(), Project+"-")
		var options []string
		if aliases := service.Aliases(colour); len(aliases) > 0 {
			options = append(options, "aliases: ["+strings.Join(aliases, ", ")+"]")
		}
		if service.Fixed {
			options = append(options, "ipv4_address: "+service.Address(colour, 1))
		}
		fmt.Fprintf(&b, "    networks: {%s: {%s}}\n", network, strings.Join(options, ", "))
		if service.Volume {
			fmt.Fprintf(&b, "    volumes: [\"data-%s:/data\"]\n", service.Key)
			volumes += fmt.Sprintf("  data-%s: {}\n", service.Key)
		}
		if len(service.After) > 0 {
			b.WriteString("    depends_on:\n")
			for _, key := range service.After {
				fmt.Fprintf(&b, "      %s: {condition: service_healthy}\n", s.Service(key).Name(colour))
			}
		}
		fmt.Fprintf(&b, "    healthcheck: {test: [CMD, /healthcheck, \"http://127.0.0.1:%d/health\"], interval: 1s, timeout: 2s, retries: 3}\n", service.Ports[colour])
	}
	fmt.Fprintf(&b, "networks:\n  front: {name: %[1]s-front, external: true}\n  back: {name: %[1]s-back, external: true}\n", Project)
	if volumes != "" {
		b.WriteString("volumes:\n" + volumes)
	}
	return b.String()
}

func (s Setup) image() string { return "bluegate-shop:v1" }

// Service finds a service by its key.
func (s Setup) Service(key string) Service {
	return s.Services[slices.IndexFunc(s.Services, func(o Service) bool { return o.Key == key })]
}

// drawServices draws one to three services; no static addresses where the engine's network has no subnet for them.
func drawServices(t *rapid.T, real bool) (all []Service) {
	keys := rapid.Permutation([]string{"was", "signal", "api", "web-app"}).Draw(t, "keys")
	pattern := oneOf(t, []string{"{key}-{colour}", "{key}-{colour}", "{colour}-{key}", "{key}_{colour}", "{key}.{colour}"})
	n := oneOf(t, []int{1, 1, 2, 2, 3})
	for i, key := range keys[:n] {
		port := oneOf(t, []int{80, 3000, 8080})
		s := Service{
			Key: key, Pattern: pattern, at: i, Ports: map[string]int{"blue": port, "green": port}, Declared: often(t, 85), Replicas: 1,
			Alias: often(t, 25), Shared: often(t, 6), Hostname: often(t, 20), Volume: often(t, 20), Back: i > 0 && often(t, 10),
		}
		if often(t, 30) {
			s.Ports["green"] = port + 1
		}
		if s.Declared && often(t, 20) {
			s.More = 7000 + i
		}
		switch {
		case often(t, 15):
			s.Replicas = 2
		case !real && often(t, 20):
			s.Fixed = true
		case often(t, 20):
			s.Named = true
		}
		if i > 0 && often(t, 40) {
			s.After = []string{keys[i-1]}
		}
		all = append(all, s)
	}
	return all
}

// number draws one from 0 up to but not n, each as often as any other: rapid itself prefers small ones.
func number(t *rapid.T, n int) int {
	x := rapid.Uint64().Draw(t, "number") + 0x9e3779b97f4a7c15 // splitmix64
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return int((x ^ x>>31) % uint64(n))
}

// often is true in so many of a hundred cases.
func often(t *rapid.T, percent int) bool { return number(t, 100) < percent }

// oneOf draws one of a list.
func oneOf[T any](t *rapid.T, all []T) T { return all[number(t, len(all))] }
