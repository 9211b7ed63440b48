package swarmsim

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

var apiVersion = regexp.MustCompile(`^/v\d+\.\d+`)

// answer is the status and the body of the answer to a request.
func (s *Swarm) answer(r *http.Request, path string) (int, []byte) {
	status, body := s.route(r, strings.Split(strings.Trim(path, "/"), "/"))
	switch body := body.(type) {
	case nil:
		return status, nil
	case string:
		return status, []byte(body)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return http.StatusInternalServerError, nil
	}
	return status, text
}

func (s *Swarm) route(r *http.Request, path []string) (int, any) {
	kind, rest := path[0], path[1:]
	switch {
	case kind == "_ping":
		return http.StatusOK, "OK"
	case kind == "version":
		return http.StatusOK, recorded("version")
	case kind == "info":
		return http.StatusOK, s.info()
	case kind == "images" && r.Method == http.MethodGet && len(rest) > 1:
		image := recorded("image")
		image["RepoTags"] = []string{strings.Join(rest[:len(rest)-1], "/")}
		return http.StatusOK, image
	case kind == "containers" && len(rest) > 0 && rest[0] == "json":
		return http.StatusOK, []object{}
	case kind == "nodes" || kind == "tasks":
		return s.read(r, kind, rest)
	case slices.Contains([]string{"services", "networks", "configs", "secrets"}, kind):
		if r.Method == http.MethodGet {
			return s.read(r, kind, rest)
		}
		return s.change(r, kind, rest)
	}
	return http.StatusNotFound, message("page not found")
}

// info is what the first manager says of itself.
func (s *Swarm) info() object {
	info := recorded("info")
	info["SystemTime"] = time.Now().UTC().Format(time.RFC3339Nano)
	own := info.in("Swarm")
	own["NodeID"], own["Nodes"] = s.nodes[0].id(), len(s.nodes)
	own["Managers"] = min(3, len(s.nodes))
	return info
}

// read lists a kind, or finds one by its id or name.
func (s *Swarm) read(r *http.Request, kind string, rest []string) (int, any) {
	if len(rest) == 0 {
		f, err := readFilters(r.URL.Query().Get("filters"))
		if err != nil {
			return http.StatusBadRequest, message("invalid filter: %v", err)
		}
		return http.StatusOK, s.list(kind, f)
	}
	for _, o := range s.all(kind) {
		if o.id() == rest[0] || o.name() == rest[0] {
			return http.StatusOK, o
		}
	}
	return http.StatusNotFound, message("%s %s not found", strings.TrimSuffix(kind, "s"), rest[0])
}

func (s *Swarm) list(kind string, f filters) []object {
	found := []object{}
	for _, o := range s.all(kind) {
		whose := o
		if kind == "tasks" { // the labels of a task are those of its service
			whose = s.service(o.text("ServiceID"))
		}
		fits := f.match(whose, func(of string) string {
			switch of {
			case "desired-state":
				return o.text("DesiredState")
			case "service":
				return whose.name()
			case "node":
				return o.text("NodeID")
			}
			return o.text(of)
		})
		if fits {
			found = append(found, o)
		}
	}
	return found
}

func (s *Swarm) all(kind string) []object {
	switch kind {
	case "nodes":
		return s.nodes
	case "tasks":
		all := make([]object, 0, len(s.tasks))
		for _, t := range s.tasks {
			all = append(all, s.describe(t))
		}
		return all
	}
	return s.kept[kind]
}

func (s *Swarm) service(id string) object {
	for _, o := range s.kept["services"] {
		if o.id() == id {
			return o
		}
	}
	return object{}
}

// change creates, updates or removes.
func (s *Swarm) change(r *http.Request, kind string, rest []string) (int, any) {
	var sent object
	if r.Method == http.MethodPost {
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			return http.StatusBadRequest, message("invalid body: %v", err)
		}
	}
	switch {
	case len(rest) == 1 && rest[0] == "create":
		return s.create(kind, sent)
	case len(rest) == 2 && rest[1] == "update":
		return s.update(kind, rest[0], sent)
	case len(rest) == 1 && r.Method == http.MethodDelete:
		return s.remove(kind, rest[0])
	}
	return http.StatusNotFound, message("page not found")
}

func (s *Swarm) create(kind string, sent object) (int, any) {
	for _, o := range s.kept[kind] {
		if o.name() == sent.text("Name") {
			return http.StatusConflict, message("rpc error: code = AlreadyExists desc = name conflicts with an existing object: %s %s already exists", strings.TrimSuffix(kind, "s"), o.name())
		}
	}
	one, id := recorded(strings.TrimSuffix(kind, "s")), s.newID()
	if kind == "networks" {
		one["Id"], one["Name"], one["Labels"], one["Attachable"] = id, sent["Name"], sent["Labels"], sent["Attachable"]
		s.kept[kind] = append(s.kept[kind], one)
		return http.StatusCreated, object{"Id": id, "Warning": ""}
	}
	one["ID"], one["Spec"] = id, map[string]any(sent)
	one.stamp(s.made, time.Now(), "CreatedAt", "UpdatedAt")
	s.kept[kind] = append(s.kept[kind], one)
	if kind == "services" {
		s.scale(one)
		return http.StatusCreated, object{"ID": id, "Warnings": nil}
	}
	return http.StatusCreated, object{"ID": id}
}

func (s *Swarm) update(kind, id string, sent object) (int, any) {
	for _, o := range s.kept[kind] {
		if o.id() != id && o.name() != id {
			continue
		}
		o["Spec"] = map[string]any(sent)
		s.made++
		o.stamp(s.made, time.Now(), "UpdatedAt")
		if kind == "services" {
			s.scale(o)
		}
		return http.StatusOK, object{"Warnings": nil}
	}
	return http.StatusNotFound, message("%s %s not found", strings.TrimSuffix(kind, "s"), id)
}

func (s *Swarm) remove(kind, id string) (int, any) {
	before := len(s.kept[kind])
	s.kept[kind] = slices.DeleteFunc(s.kept[kind], func(o object) bool { return o.id() == id || o.name() == id })
	if len(s.kept[kind]) == before {
		return http.StatusNotFound, message("%s %s not found", strings.TrimSuffix(kind, "s"), id)
	}
	s.tasks = slices.DeleteFunc(s.tasks, func(t *task) bool { return len(s.service(t.service)) == 0 })
	return http.StatusNoContent, nil
}
