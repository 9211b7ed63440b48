package conf

import (
	"bytes"
	"strconv"
	"strings"
)

// PortOf is the port that nginx uses when none is written.
func PortOf(src []byte, p Point) int {
	if n, err := strconv.Atoi(p.Port); err == nil {
		return n
	}
	scheme := bytes.ToLower(src[max(0, p.Start-len("https://")):p.Start])
	if string(scheme) == "https://" || string(scheme) == "grpcs://" {
		return 443
	}
	return 80
}

// PortIn is the port of a point in a configuration. The value of a variable may have its port where the variable is used:
// `map $cookie_c $backend { default app-blue; }` with `proxy_pass http://$backend:3000;`. behind says that it is so, and
// that every use has the same port.
func PortIn(tree []*File, src []byte, p Point) (port int, behind bool) {
	if p.Variable == "" || p.Port != "" {
		return PortOf(src, p), false
	}
	var ports []int
	for _, file := range tree {
		file.Walk(func(d *Directive) bool {
			if _, pass := passSchemes(d.Name.Value); !pass && d.Name.Value != "set" || d.HasBlock || len(d.Args) == 0 {
				return true
			}
			value := d.Args[len(d.Args)-1].Value
			if _, rest, ok := strings.Cut(value, "://"); ok {
				value = rest
			}
			if name, rest := cutVariable(value); name == p.Variable {
				ports = append(ports, portBehind(rest))
			}
			return true
		})
	}
	if len(ports) == 0 || ports[0] == 0 {
		return PortOf(src, p), false
	}
	for _, other := range ports {
		if other != ports[0] {
			return PortOf(src, p), false
		}
	}
	return ports[0], true
}

// portBehind is the port that stands behind a variable; 0 where there is none.
func portBehind(text string) int {
	digits, ok := strings.CutPrefix(text, ":")
	if !ok {
		return 0
	}
	n := 0
	for n < len(digits) && '0' <= digits[n] && digits[n] <= '9' {
		n++
	}
	if rest := digits[n:]; rest != "" && rest[0] != '/' && rest[0] != '?' && rest[0] != '$' {
		return 0
	}
	port, err := strconv.ParseUint(digits[:n], 10, 16)
	if err != nil {
		return 0
	}
	return int(port)
}
