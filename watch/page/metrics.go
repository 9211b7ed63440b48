package page

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"bluegate/deploy/model"
	"bluegate/watch"
	"bluegate/watch/verdict"
)

// collector makes metrics of what the watch knows at the moment of the question.
type collector struct{ reader watch.Reader }

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("bluegate_"+name, help, labels, nil)
}

var (
	checkVerdict   = describe("check_verdict", "1 for the verdict that the check has, 0 for the others.", "check", "kind", "verdict")
	checkResult    = describe("check_result", "1 for the result of the last measurement, 0 for the others.", "check", "kind", "result")
	checkSeconds   = describe("check_duration_seconds", "How long the last answer took; absent if there was none.", "check", "kind")
	checkTime      = describe("check_last_timestamp_seconds", "When the check was measured last.", "check", "kind")
	checkDays      = describe("check_certificate_days", "Days until the certificate that the check saw ends.", "check", "kind")
	colourLive     = describe("colour_live", "1 for the colour that nginx serves, 0 for the other one.", "colour")
	containers     = describe("colour_containers", "Containers of a colour, by Docker's state and health.", "colour", "state", "health")
	restarts       = describe("colour_container_restarts", "Restarts of the containers of a colour, as Docker counts them.", "colour")
	deploying      = describe("deploying", "1 while a deployment is under way.")
	deployments    = describe("deployments_total", "Deployments and rollbacks in the history, by outcome.", "command", "outcome")
	deploymentTime = describe("deployment_duration_seconds", "How long deployments and rollbacks in the history took, by outcome.", "command", "outcome")
	healRestarts   = describe("heal_restarts", "Restarts for healing, within the time of the budget.")
	healStopped    = describe("heal_stopped", "1 if nothing more is healed until the next deployment.")
	trouble        = describe("watch_troubles", "What the watch itself suffers from: an engine that does not answer, a history that is full.")
	started        = describe("watch_start_timestamp_seconds", "When the watch started.")
)

// metrics answers in Prometheus's format.
func (p *Page) metrics() http.Handler {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(collector{p.reader})
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError})
}

// Describe implements prometheus.Collector.
func (c collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		checkVerdict, checkResult, checkSeconds, checkTime, checkDays, colourLive, containers, restarts, deploying, deployments, deploymentTime,
		healRestarts, healStopped, trouble, started,
	} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	s := c.reader.State()
	for _, check := range s.Checks {
		collectCheck(gauge, check, time.Now())
	}
	for _, colour := range s.Colours {
		collectColour(gauge, colour)
	}
	gauge(deploying, one(s.Deploying != nil))
	gauge(healRestarts, float64(s.Healing.Restarts))
	gauge(healStopped, one(s.Healing.Stopped != ""))
	gauge(trouble, float64(len(s.Trouble)))
	gauge(started, unix(s.Started))
	c.collectDeployments(to)
}

type gauges func(d *prometheus.Desc, value float64, labels ...string)

func collectCheck(gauge gauges, c watch.CheckState, now time.Time) {
	for _, v := range []watch.Verdict{watch.Healthy, watch.Degraded, watch.Down, watch.Unknown} {
		gauge(checkVerdict, one(verdictWord(c.Verdict) == string(v)), c.Name, c.Kind, string(v))
	}
	if c.Last == nil {
		return
	}
	for _, r := range []verdict.Result{verdict.Good, verdict.Bad, verdict.Unmeasured, verdict.Paused} {
		gauge(checkResult, one(c.Last.Result == r), c.Name, c.Kind, string(r))
	}
	gauge(checkTime, unix(c.Last.At), c.Name, c.Kind)
	if c.Last.Took > 0 {
		gauge(checkSeconds, c.Last.Took.Seconds(), c.Name, c.Kind)
	}
	if !c.Last.CertificateEnds.IsZero() {
		gauge(checkDays, c.Last.CertificateEnds.Sub(now).Hours()/24, c.Name, c.Kind)
	}
}

func collectColour(gauge gauges, c watch.ColourState) {
	gauge(colourLive, one(c.Live), string(c.Colour))
	type kind struct{ state, health string }
	count, again := map[kind]int{}, 0
	for _, container := range c.Containers {
		count[kind{container.State, container.Health}]++
		again += container.Restarts
	}
	for k, n := range count {
		gauge(containers, float64(n), string(c.Colour), k.state, k.health)
	}
	gauge(restarts, float64(again), string(c.Colour))
}

func (c collector) collectDeployments(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	all, err := c.reader.Deployments(ctx, ever, time.Now().Add(time.Minute))
	if err != nil {
		to <- prometheus.NewInvalidMetric(deployments, err)
		return
	}
	type kind struct {
		command string
		outcome model.Outcome
	}
	count, timed, seconds := map[kind]int{}, map[kind]uint64{}, map[kind]float64{}
	for _, d := range all {
		k := kind{d.Command, d.Outcome}
		count[k]++
		if !d.Began.IsZero() {
			timed[k]++
			seconds[k] += d.At.Sub(d.Began).Seconds()
		}
	}
	for k, n := range count {
		to <- prometheus.MustNewConstMetric(deployments, prometheus.CounterValue, float64(n), k.command, string(k.outcome))
		if timed[k] > 0 {
			to <- prometheus.MustNewConstSummary(deploymentTime, timed[k], seconds[k], nil, k.command, string(k.outcome))
		}
	}
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
