package main

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// The invariants, asked of the users' record and of the docker command; never of what bluegate says of itself, except for
// whether it says the truth.

// meetStrangers puts next to the shop what looks like its own and is not: a database of the same Compose project, a
// container that was stopped, an image that nothing uses and a volume.
func (s *shop) meetStrangers() {
	t := s.t
	label := "com.docker.compose.project=" + s.Name
	docker := func(args ...string) {
		_, err := stand.Docker(args...)
		t.must(err)
	}
	docker("run", "-d", "--name", s.Name+"-db-1", "--label", label, "--label", "com.docker.compose.service=db", "--network", s.Name, "--restart", "unless-stopped", "bluegate-shop:v1")
	docker("create", "--name", s.Name+"-evergreen", "bluegate-shop:v1")
	docker("tag", "bluegate-shop:v2", s.Name+"-unused:1")
	docker("volume", "create", s.Name+"-data")
	t.cleanup(func() {
		_, _ = stand.Docker("rm", "-fv", s.Name+"-db-1", s.Name+"-evergreen")
		_, _ = stand.Docker("rmi", s.Name+"-unused:1")
		_, _ = stand.Docker("volume", "rm", s.Name+"-data")
	})
	s.strangers = s.lookAtStrangers()
}

func (s *shop) lookAtStrangers() string {
	var out []string
	for _, name := range []string{"-db-1", "-evergreen"} {
		text, err := stand.Docker("inspect", "-f", "{{.Id}} {{.State.Status}} {{.HostConfig.RestartPolicy.Name}}", s.Name+name)
		out = append(out, fmt.Sprint(text, err))
	}
	image, err := stand.Docker("image", "inspect", "-f", "{{.Id}}", s.Name+"-unused:1")
	volume, verr := stand.Docker("volume", "inspect", "-f", "{{.Name}} {{.CreatedAt}}", s.Name+"-data")
	return strings.Join(append(out, fmt.Sprint(image, err), fmt.Sprint(volume, verr)), "\n")
}

// spared is I6: what is not this project's colours is as it was.
func (s *shop) spared() {
	if now := s.lookAtStrangers(); now != s.strangers {
		s.t.errorf("strangers were touched:\n%s\nwere\n%s", now, s.strangers)
	}
}

// discreet is I7: nothing that was printed or journaled holds a secret.
func (s *shop) discreet() {
	s.mu.Lock()
	said := slices.Clone(s.said)
	s.mu.Unlock()
	if i := slices.IndexFunc(said, func(text string) bool { return strings.Contains(text, canary) }); i >= 0 {
		s.t.errorf("a secret was printed:\n%s", said[i])
	}
	journal, err := exec.Command("docker", "cp", "bluegate-journal-"+s.Name+":/", "-").Output()
	if err == nil && strings.Contains(string(journal), canary) {
		s.t.errorf("the journal holds a secret")
	}
}

// stands is I3 after a death: someone answers, it is the colour that status names, and its containers are well.
func (s *shop) stands() model.Colour {
	t := s.t
	var said, seen model.Colour
	agree := func() bool {
		// The signal of a killed run may still be on its way, and a reload takes its time.
		seen = s.served()
		said = s.run("v1", "status").Report.Live
		return said == seen && seen != model.None
	}
	if !agree() && !t.within(5*time.Second, "status and users agree about the live colour", agree) {
		t.errorf("users are served by %q, and status says %q is live", seen, said)
	}
	s.well(seen)
	return seen
}

// well wants every container of a colour running and healthy.
func (s *shop) well(colour model.Colour) {
	out, err := stand.Docker("ps", "--filter", "label=com.docker.compose.project="+s.Name, "--format", "{{.Names}} {{.Status}}")
	s.t.must(err)
	good := 0
	for line := range strings.Lines(out) {
		if strings.Contains(line, "-"+string(colour)+"-") && strings.Contains(line, "(healthy)") {
			good++
		}
	}
	if good != 2 {
		s.t.errorf("of %s, which is served, %d of 2 containers are healthy:\n%s", colour, good, out)
	}
}

// tidy wants nothing of ours left but the journal, and nothing under way.
func (s *shop) tidy() {
	t := s.t
	out, err := stand.Docker("ps", "-a", "--format", "{{.Names}}")
	t.must(err)
	for name := range strings.FieldsSeq(out) {
		ours := strings.HasPrefix(name, "bluegate-lock-") || strings.HasPrefix(name, "bluegate-helper-") || strings.HasPrefix(name, "bluegate-trial-")
		if ours && (strings.Contains(name, s.Name) || strings.HasPrefix(name, "bluegate-lock-nginx-")) {
			t.errorf("%s is left", name)
		}
	}
	r := s.run("v1", "status")
	for _, f := range r.Report.Findings {
		if f.Code == "left-behind" || f.Code == "locked" {
			t.errorf("status still speaks of an earlier run: %s", f.Message)
		}
	}
}

// lossless is I1: the users lost nothing. It ends the load and says what they saw.
func (s *shop) lossless() load.Record {
	record := s.client.Stop()
	if record.Lost() > 0 || len(record.Requests) == 0 {
		s.t.errorf("users lost requests:\n%s", record)
	}
	return record
}

// holds asks for all that must be true at the end of any row.
func (s *shop) holds() {
	s.spared()
	s.discreet()
	s.tidy()
	if s.client != nil {
		record := s.lossless()
		s.t.observe("%d requests of users, %d lost", len(record.Requests), record.Lost())
	}
}
