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

// Ports are the ports that stand behind variables where these are used, by the name of the variable:
// `map $cookie_c $backend { default app-blue; }` with `proxy_pass http://$backend:3000;`. 0 is a variable that is used with
// several ports, or without one.
type Ports map[string]int

// PortsBehind reads the ports behind the variables of a configuration.
func PortsBehind(tree []*File) Ports {
	all := Ports{}
	for _, file := range tree {
		file.Walk(func(d *Directive) bool {
			if _, pass := passSchemes(d.Name.Value); !pass && d.Name.Value != "set" || d.HasBlock || len(d.Args) == 0 {
				return true
			}
			value := d.Args[len(d.Args)-1].Value
			if _, rest, ok := strings.Cut(value, "://"); ok {
				value = rest
			}
			if name, rest := cutVariable(value); name != "" {
				port := portBehind(rest)
				if before, used := all[name]; used && before != port {
					port = 0
				}
				all[name] = port
			}
			return true
		})
	}
	return all
}

// Of is the port of a point. behind says that it stands where the variable is used of which the point is the value.
func (all Ports) Of(src []byte, p Point) (port int, behind bool) {
	if p.Variable != "" && p.Port == "" && all[p.Variable] != 0 {
		return all[p.Variable], true
	}
	return PortOf(src, p), false
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
