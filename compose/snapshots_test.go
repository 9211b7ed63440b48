package compose

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/volume"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// retired returns a record of the containers on the bench.
func (b *bench) retired(app model.Application, all []model.Container) model.ReleaseRecord {
	b.T.Helper()
	rec := model.ReleaseRecord{Release: "r1", Colour: model.Blue, Model: app.Models[model.Blue]}
	for _, c := range all {
		rec.Kept = append(rec.Kept, model.RetainedContainer{Service: c.Service, Name: c.Name, ID: c.ID, Image: c.Image, Digest: c.Digest, Policy: c.RestartPol})
	}
	return rec
}

// asMade returns a container's configuration, as far as two containers can have the same.
func (b *bench) asMade(id string) string {
	b.T.Helper()
	info := b.Inspect(id)
	config, host := *info.Config, *info.HostConfig
	config.Hostname = ""
	if host.RestartPolicy.Name == "" { // which means the same
		host.RestartPolicy.Name = container.RestartPolicyDisabled
	}
	networks := map[string][]string{}
	for name, n := range info.NetworkSettings.Networks {
		networks[name] = slices.DeleteFunc(slices.Clone(n.Aliases), func(a string) bool { return strings.HasPrefix(info.ID, a) })
	}
	text, err := json.MarshalIndent(map[string]any{"name": info.Name, "image": info.Image, "config": config, "host": host, "networks": networks}, "", " ")
	if err != nil {
		b.T.Fatal(err)
	}
	return string(text)
}

// differing returns pairs of lines that differ.
func differing(got, want string) (lines []string) {
	b := strings.Split(want, "\n")
	for i, line := range strings.Split(got, "\n") {
		if i >= len(b) || line != b[i] {
			lines = append(lines, fmt.Sprintf("%q, want %q", line, b[min(i, len(b)-1)]))
		}
	}
	return lines
}

func (b *bench) volumes() int {
	b.T.Helper()
	all, err := b.Engine.VolumeList(b.T.Context(), volume.ListOptions{Filters: filters.NewArgs(filters.Arg("label", "com.docker.compose.project="+b.ID))})
	if err != nil {
		b.T.Fatal(err)
	}
	return len(all.Volumes)
}

// A release whose containers were removed is recreated from its snapshots, with the same configuration.
func TestKeepAndRevive(t *testing.T) {
	b := newBench(t)
	s, app := b.stack(map[string]string{"compose.yml": "services:\n" + shopService("was-blue", "TOKEN=canary-1") +
		`    restart: on-failure:3
    command: ["--password", "canary-2"]
    hostname: till
    labels: {team: tills}
    volumes: ["data:/data", "/scratch"]
    configs: [{source: menu, target: /menu/today}]
    secrets: [key]
    ports: ["127.0.0.1::3000"]
    networks: {default: {aliases: [counter]}, back: {}}
    depends_on: {signal-blue: {condition: service_healthy}}
` + shopService("signal-blue") + shopService("was-green") +
		"volumes: {data: {}}\nnetworks: {default: {}, back: {}}\nconfigs: {menu: {content: soup}}\nsecrets: {key: {environment: HOME}}\n"})
	before := b.up(s, app, "r1")
	rec := b.retired(app, before)
	made := map[string]string{}
	for _, c := range before {
		made[c.Name] = b.asMade(c.ID)
	}
	if missing, err := s.Held(t.Context(), b.ID, rec); err != nil || len(missing) != 2 {
		t.Errorf("before anything is kept, %v is missing: %v", missing, err)
	}
	volumes := b.volumes()
	for range 2 { // it can be repeated
		if err := s.Keep(t.Context(), b.ID, rec); err != nil {
			t.Fatal(err)
		}
	}
	if missing, err := s.Held(t.Context(), b.ID, rec); err != nil || len(missing) > 0 {
		t.Errorf("%v is missing: %v", missing, err)
	}
	rows, err := s.snapshots(t.Context(), b.ID, "r1")
	if err != nil || len(rows) != 2 {
		t.Fatalf("%d are kept: %v", len(rows), err)
	}
	for _, row := range rows {
		row.Command = "" // as it stands in the list for the container itself
		if text, _ := json.Marshal(row); strings.Contains(string(text), "canary") {
			t.Errorf("a list shows a secret: %s", text)
		}
	}
	if got := b.volumes(); got != volumes {
		t.Errorf("keeping made %d volumes", got-volumes)
	}
	if _, err := b.Engine.ImageRemove(t.Context(), rec.Kept[0].Digest, image.RemoveOptions{}); err == nil {
		t.Error("the image could be removed")
	}

	if err := s.Remove(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	if err := s.Revive(t.Context(), b.ID, rec, nothingMore); err != nil {
		t.Fatal(err)
	}
	after := b.containers(s, app)
	if namesOf(after) != namesOf(before) {
		t.Fatalf("there are\n%s\nwant\n%s", namesOf(after), namesOf(before))
	}
	for _, c := range after {
		if got := b.asMade(c.ID); got != made[c.Name] {
			t.Errorf("%s is not made as it was: %v", c.Name, differing(got, made[c.Name]))
		}
		if !c.Running || c.RestartPol != map[string]string{"was-blue": "on-failure:3", "signal-blue": "no"}[c.Service] {
			t.Errorf("%s runs: %t, restart policy %q", c.Name, c.Running, c.RestartPol)
		}
	}
	was := after[slices.IndexFunc(after, func(c model.Container) bool { return c.Service == "was-blue" })]
	menu, err := s.readInlineFile(t.Context(), was.ID, "/menu/today")
	if err != nil || string(menu.Content) != "soup" {
		t.Errorf("its config is %q: %v", menu.Content, err)
	}
	if key, err := s.readInlineFile(t.Context(), was.ID, "/run/secrets/key"); err != nil || len(key.Content) == 0 {
		t.Errorf("its secret is %q: %v", key.Content, err)
	}
	if healthy := after[0]; healthy.Sample.Health != gate.HealthHealthy {
		t.Errorf("%s, on which the other depends, is %s", healthy.Name, healthy.Health)
	}

	if err := s.Forget(t.Context(), b.ID, []string{"r1"}); err != nil {
		t.Fatal(err)
	}
	if missing, _ := s.Held(t.Context(), b.ID, rec); len(missing) > 0 {
		t.Errorf("what was to stay was forgotten: %v", missing)
	}
	other := *s // another application of this name: its services are of another Compose project
	other.projects = map[model.Colour]*types.Project{model.Blue: {Name: b.ID + "-2", Services: s.projects[model.Blue].Services}}
	if err := other.Forget(t.Context(), b.ID, nil); err != nil {
		t.Fatal(err)
	}
	other.projects = map[model.Colour]*types.Project{model.Blue: {Name: b.ID, Services: types.Services{"till-blue": {}}}}
	if err := other.Forget(t.Context(), b.ID, nil); err != nil {
		t.Fatal(err)
	}
	if missing, _ := s.Held(t.Context(), b.ID, rec); len(missing) > 0 {
		t.Errorf("another application forgot %v", missing)
	}
	if err := s.Forget(t.Context(), b.ID, nil); err != nil {
		t.Fatal(err)
	}
	if missing, _ := s.Held(t.Context(), b.ID, rec); len(missing) != 2 {
		t.Errorf("after all was forgotten, only %v is missing", missing)
	}
}

// The files that are loaded when a release retires describe the next one.
func TestKeepFindsWhatWasRenamedSince(t *testing.T) {
	b := newBench(t)
	file := func(target string) map[string]string {
		return map[string]string{"compose.yml": "services:\n" + shopService("was-blue") + "    secrets: [{source: key, target: " + target + "}]\n    configs: [{source: menu, target: /menu/" + target + "}]\n" +
			shopService("was-green") + "configs: {menu: {content: soup}}\nsecrets: {key: {environment: HOME}}\n"}
	}
	s, app := b.stack(file("old"))
	before := b.up(s, app, "r1")
	rec := b.retired(app, before)
	s, app = b.stack(file("new"))
	if err := s.Keep(t.Context(), b.ID, rec); err != nil {
		t.Fatal(err)
	}
	for range 2 { // also what was remade can be kept
		if err := s.Remove(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		if err := s.Revive(t.Context(), b.ID, rec, nothingMore); err != nil {
			t.Fatal(err)
		}
		before = b.containers(s, app)
		for _, path := range []string{"/run/secrets/old", "/menu/old"} {
			if f, err := s.readInlineFile(t.Context(), before[0].ID, path); err != nil || len(f.Content) == 0 {
				t.Errorf("%s is %q: %v", path, f.Content, err)
			}
		}
		rec = b.retired(app, before)
		if err := errors.Join(s.Forget(t.Context(), b.ID, nil), s.Keep(t.Context(), b.ID, rec)); err != nil {
			t.Fatal(err)
		}
	}
}
