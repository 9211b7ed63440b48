package adopt

import (
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// compose reads a call of Compose: its files, its project and the variables before it.
func (s *Script) compose(call *syntax.CallExpr, words []string) {
	var files []string
	var project, envFile string
	i := 0
	for ; i < len(words) && strings.HasPrefix(words[i], "-"); i++ {
		name, value, assigned := strings.Cut(words[i], "=")
		if !assigned && i+1 < len(words) && slices.Contains([]string{"-f", "--file", "-p", "--project-name", "--env-file", "--profile", "--project-directory"}, name) {
			i++
			value = words[i]
		}
		switch name {
		case "-f", "--file":
			files = append(files, colourPattern(value))
		case "-p", "--project-name":
			project = colourPattern(value)
		case "--env-file":
			envFile = colourPattern(value)
		}
	}
	if i == len(words) || strings.Contains(strings.Join(files, "")+project+envFile, unknown) {
		return
	}
	rest := words[i+1:]
	switch words[i] {
	case "exec":
		if service, ok := nginxIn(rest); ok && s.Service == "" {
			s.Service = service
			s.found(call, "reloads nginx in service %s", service)
		}
	case "up":
		if strings.Contains(strings.Join(files, "")+project, "{old}") || len(s.Files)+len(s.Project) > 0 {
			return
		}
		for i, name := range files {
			files[i] = path.Clean(name)
		}
		s.Files, s.Project, s.EnvFile = files, project, envFile
		for _, a := range call.Assigns {
			if value := s.variables.text(a.Value); !strings.Contains(value, unknown) && strings.Contains(value, "{") {
				s.Env[a.Name.Value] = value
			}
		}
		s.found(call, "starts a colour: %s", shownText(strings.Join(append([]string{"docker compose"}, words...), " ")))
	}
}

// docker reads docker exec NAME nginx …, docker kill -s HUP NAME and docker cp FILE NAME:PATH.
func (s *Script) docker(call *syntax.CallExpr, words []string) {
	if len(words) == 0 {
		return
	}
	switch words[0] {
	case "exec":
		if name, ok := nginxIn(words[1:]); ok {
			s.inContainer(call, name)
		}
	case "kill":
		if last := words[len(words)-1]; strings.Contains(strings.Join(words, " "), "HUP") && !strings.Contains(last, unknown) {
			s.inContainer(call, last)
		}
	case "cp":
		if len(words) != 3 {
			return
		}
		name, to, ok := strings.Cut(words[2], ":")
		if from := colourPattern(words[1]); ok && strings.Contains(from, "{colour}") && !strings.Contains(words[1]+words[2], unknown) {
			s.Mode, s.From, s.To = "copy", from, to
			s.found(call, "replaces %[2]s with %[1]s", from, words[2])
			s.inContainer(call, name)
		}
	}
}

func (s *Script) inContainer(call *syntax.CallExpr, name string) {
	if s.Container == "" {
		s.Container = name
		s.found(call, "nginx is container %s", name)
	}
}

// nginxIn returns the container or service in which an exec runs nginx.
func nginxIn(words []string) (name string, ok bool) {
	words = afterFlags(words, "-u", "--user", "-e", "--env", "-w", "--workdir", "--env-file", "--detach-keys", "--index")
	if len(words) < 2 || strings.Contains(words[0], unknown) {
		return "", false
	}
	return words[0], strings.Contains(strings.Join(words[1:], " "), "nginx") || strings.Contains(strings.Join(words[1:], " "), "reload")
}
