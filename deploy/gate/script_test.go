package gate_test

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/gate"
)

// scene is a script with the fact or the fault that it stands for.
type scene struct{ name, script string }

func playAll(t *testing.T, scenes []scene) {
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) { play(t, s.script) })
	}
}

// epoch is second 0 of every script.
var epoch = time.Date(2026, 11, 20, 11, 45, 0, 0, time.UTC)

// script is a test that reads like the minutes of a deployment:
//
//	expect app x2; migrate one-shot
//	stable 5s
//	deadline 60s
//	at 1s: app-1 starting
//	at 2s: app-1 healthy
//	at 3s: app-2 unhealthy streak=3 probe 1 connection refused
//	verdict at 4s: refused unhealthy(app-2)
//	says connection refused
//
// Lines are delivered as they stand, so a line with an earlier time is a late sample. A container belongs to the service
// of its name without the number. Without another state it runs, and then it has run since 0s.
type script struct {
	t        *testing.T
	expected []gate.Expected
	stable   time.Duration
	deadline time.Duration
	gate     *gate.Gate
	last     gate.Verdict
}

func play(t *testing.T, text string) gate.Verdict {
	t.Helper()
	s := &script{t: t, stable: 5 * time.Second, deadline: time.Minute}
	for line := range strings.Lines(text) {
		if verb, rest, _ := strings.Cut(strings.TrimSpace(line), " "); verb != "" {
			s.line(verb, strings.TrimSpace(rest))
		}
	}
	return s.last
}

// line does what one line says. Expectations come first: the gate is made by the first line that is none.
func (s *script) line(verb, rest string) {
	s.t.Helper()
	switch verb {
	case "expect":
		for service := range strings.SplitSeq(rest, ";") {
			s.expected = append(s.expected, s.service(strings.Fields(service)))
		}
		return
	case "stable":
		s.stable = s.duration(rest)
		return
	case "deadline":
		s.deadline = s.duration(rest)
		return
	}
	if s.gate == nil {
		s.gate = gate.New(s.expected, s.stable, epoch.Add(s.deadline))
	}
	switch verb {
	case "at":
		at, what, _ := strings.Cut(rest, ": ")
		s.sample(s.time(at), what)
	case "verdict":
		at, want, _ := strings.Cut(strings.TrimPrefix(rest, "at "), ": ")
		s.last = s.gate.Verdict(s.time(at))
		if got := summary(s.last); got != want {
			s.t.Errorf("verdict at %s: %s, want %s\n%s", at, got, want, messages(s.last))
		}
	case "says":
		if !strings.Contains(messages(s.last), rest) {
			s.t.Errorf("no reason says %q:\n%s", rest, messages(s.last))
		}
	case "omits":
		if strings.Contains(messages(s.last), rest) {
			s.t.Errorf("a reason says %q:\n%s", rest, messages(s.last))
		}
	default:
		s.t.Fatalf("script: no verb %q", verb)
	}
}

func (s *script) service(words []string) gate.Expected {
	e := gate.Expected{
		Service:  words[0],
		Replicas: 1,
		Probe:    &gate.Probe{Interval: time.Second, Timeout: 2 * time.Second, Retries: 3},
	}
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		switch {
		case key == "one-shot":
			e.OneShot = true
		case key == "no-probe":
			e.Probe = nil
		case key == "running-suffices":
			e.RunningSuffices = true
		case key == "retries":
			e.Probe.Retries = s.number(value)
		case key == "age":
			e.Age = s.duration(value)
		case key == "start_period":
			e.Probe.StartPeriod = s.duration(value)
		case key == "after":
			on, condition, _ := strings.Cut(value, ":")
			e.After = append(e.After, gate.Dependency{Service: on, Condition: map[string]gate.Condition{
				"started": gate.Started, "healthy": gate.Healthy, "completed": gate.Completed,
			}[condition]})
		case key[0] == 'x':
			e.Replicas = s.number(key[1:])
		default:
			s.t.Fatalf("script: service %q: no word %q", e.Service, word)
		}
	}
	return e
}

var replica = regexp.MustCompile(`-\d+$`)

func (s *script) sample(at time.Time, what string) {
	name, rest, _ := strings.Cut(what, " ")
	if rest == "vanishes" {
		s.gate.Vanish("id of "+name, at)
		return
	}
	c := gate.Sample{
		At: at, ID: "id of " + name, Name: name, Service: replica.ReplaceAllString(name, ""),
		State: gate.StateRunning, StartedAt: epoch,
	}
	for rest != "" {
		var word string
		word, rest, _ = strings.Cut(rest, " ")
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "created":
			c.State, c.StartedAt = gate.StateCreated, time.Time{}
		case "running", "restarting", "paused", "exited", "dead", "removing":
			c.State = gate.State(key)
		case "state":
			c.State = gate.State(value)
		case "starting", "healthy", "unhealthy", "none":
			c.Health = gate.Health(key)
		case "streak":
			c.FailingStreak = s.number(value)
		case "failed":
			c.LastFailure = s.time(value)
		case "restarts":
			c.RestartCount = s.number(value)
		case "exit":
			c.ExitCode = s.number(value)
		case "started":
			c.StartedAt = s.time(value)
		case "finished":
			c.FinishedAt = s.time(value)
		case "oom":
			c.OOMKilled = true
		case "error":
			c.Error, rest = rest, ""
		case "probe":
			code, output, _ := strings.Cut(rest, " ")
			c.LastProbe = &gate.ProbeResult{Start: at, End: at, ExitCode: s.number(code), Output: output}
			rest = ""
		default:
			s.t.Fatalf("script: no word %q in %q", word, what)
		}
	}
	s.gate.Observe(c)
}

func (s *script) duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		s.t.Fatalf("script: %v", err)
	}
	return d
}

func (s *script) time(text string) time.Time { return epoch.Add(s.duration(text)) }

func (s *script) number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		s.t.Fatalf("script: %v", err)
	}
	return n
}

// summary is a verdict as scripts spell it.
func summary(v gate.Verdict) string {
	switch v.Decision {
	case gate.Waiting:
		return fmt.Sprintf("waiting until %v", v.Next.Sub(epoch))
	case gate.Refused:
		var reasons []string
		for _, r := range v.Reasons {
			reasons = append(reasons, fmt.Sprintf("%s(%s)", r.Code, cmp.Or(r.Container, r.Service)))
		}
		return "refused " + strings.Join(reasons, ", ")
	default:
		return string(v.Decision)
	}
}

func messages(v gate.Verdict) string {
	var all strings.Builder
	for _, r := range v.Reasons {
		fmt.Fprintf(&all, "\t%s: %s\n", r.Code, r.Message)
	}
	return all.String()
}
