package progress

import (
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// story is a deployment as it is told to a progress. moment is called where it is worth a look.
type story struct {
	p      model.Progress
	moment func(name string)
	about  model.Overview
	faster time.Duration // how many times faster it is than what it tells; 0: not
}

func (s *story) sleep(d time.Duration) { time.Sleep(d / max(s.faster, 1)) }

func tellStory(p model.Progress, moment func(name string)) *story {
	return &story{p: p, moment: moment, about: model.Overview{Command: "deploy", Project: "shop"}}
}

func (s *story) step(name string, d time.Duration) {
	s.p.Step(name)
	s.sleep(d)
}

// prepare is what comes before the release is started.
func (s *story) prepare() {
	s.p.About(s.about)
	s.step("lock", 100*time.Millisecond)
	s.step("settle", 0)
	s.step("observe", 700*time.Millisecond)
	s.moment("looking")
	s.about.Nginx, s.about.Live, s.about.From, s.about.To = `container "shop-nginx"`, model.Blue, model.Blue, model.Green
	s.about.Versions = map[model.Colour]string{model.Blue: "v4", model.Green: "v5"}
	s.about.Services, s.about.Stable, s.about.Keep = 2, 5*time.Second, model.KeepStopped
	s.about.Ahead = []string{"pull", "up", "switch", "drain", "retire"}
	s.step("plan", 100*time.Millisecond)
	s.p.About(s.about)
	s.sleep(300 * time.Millisecond)
	s.p.Step("pull")
	for done := int64(0); done <= 112e6; done += 14e6 {
		s.p.Transfer(model.Transfer{Image: "registry.example/shop/app:v5", Done: done, Total: 180e6})
		s.sleep(800 * time.Millisecond)
	}
	s.moment("pulling")
	s.p.Transfer(model.Transfer{Image: "registry.example/shop/app:v5", Done: 180e6, Total: 180e6, Ended: true})
	s.sleep(time.Second)
}

func (s *story) containers(api gate.Progress) []gate.Progress {
	worker := gate.Progress{Service: "worker", Name: "shop-worker-1", State: gate.StateRunning, StartedAt: api.StartedAt.Add(-time.Second), Good: true}
	return []gate.Progress{worker, api}
}

// start starts the release until all is healthy.
func (s *story) start() {
	s.step("replace", 0)
	s.p.Step("up")
	ends := time.Now().Add(25 * time.Second)
	s.p.Gate(gate.Verdict{Decision: gate.Waiting, Next: ends, Progress: []gate.Progress{{Service: "worker"}, {Service: "api"}}})
	s.sleep(time.Second)
	api := gate.Progress{Service: "api", Name: "shop-api-1", State: gate.StateRunning, Health: gate.HealthStarting, Retries: 3, StartedAt: time.Now(), Probe: "GET http://127.0.0.1:3000/health: dial tcp 127.0.0.1:3000: connect: connection refused"}
	s.p.Gate(gate.Verdict{Decision: gate.Waiting, Next: ends, Progress: s.containers(api)})
	s.sleep(2 * time.Second)
	s.moment("starting")
	s.p.Say("the engine does not answer, asking again: EOF")
	s.sleep(time.Second)
	api.Health, api.Good, api.Probe = gate.HealthHealthy, true, ""
	s.p.Gate(gate.Verdict{Decision: gate.Waiting, Next: time.Now().Add(5 * time.Second), Progress: s.containers(api)})
	s.sleep(2 * time.Second)
	s.moment("watching")
	s.sleep(3 * time.Second)
	s.p.Gate(gate.Verdict{Decision: gate.Open, Progress: s.containers(api)})
}

// goLive switches nginx, and ends the old colour.
func (s *story) goLive() {
	s.step("rehearse", 0)
	s.step("switch", 400*time.Millisecond)
	s.about.Live = model.Green
	s.p.About(s.about)
	s.step("keep", 100*time.Millisecond)
	s.p.Step("drain")
	until := time.Now().Add(time.Minute)
	left := model.DrainStatus{Workers: 2, Open: []model.OpenConnections{{Container: "shop-api-blue-1", Connections: 1, Oldest: 12 * time.Second}}}
	s.p.Draining(left, until)
	s.sleep(1200 * time.Millisecond)
	s.moment("draining")
	s.sleep(time.Second)
	s.step("retire", 900*time.Millisecond)
	s.moment("stopping")
}

// fail has the last container fail, and the release removed.
func (s *story) fail() {
	s.step("replace", 0)
	s.p.Step("up")
	api := gate.Progress{Service: "api", Name: "shop-api-1", State: gate.StateRunning, Health: gate.HealthUnhealthy, FailingStreak: 3, Retries: 3, StartedAt: time.Now(), Probe: "GET /health: 503"}
	s.sleep(3 * time.Second)
	s.p.Gate(gate.Verdict{Decision: gate.Refused, Progress: s.containers(api)})
	s.step("abandon", 1200*time.Millisecond)
	s.moment("undoing")
}
