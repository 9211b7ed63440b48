package page

import (
	"time"

	"bluegate/deploy/model"
	"bluegate/watch"
)

// seconds is how the API writes durations.
func seconds(d time.Duration) float64 { return d.Seconds() }

// apiList has no nil: readers find a list where the schema promises one.
func apiList[T, U any](all []T, one func(T) U) []U {
	out := make([]U, 0, len(all))
	for _, t := range all {
		out = append(out, one(t))
	}
	return out
}

type stateJSON struct {
	Project   string             `json:"project"`
	At        time.Time          `json:"at"`
	Started   time.Time          `json:"started"`
	Overall   Overall            `json:"overall"`
	Text      string             `json:"text"`
	Deploying *watch.Deploying   `json:"deploying"`
	Live      model.Colour       `json:"live"`
	LiveBy    string             `json:"live_by"`
	Colours   []colourJSON       `json:"colours"`
	Preview   *watch.Preview     `json:"preview,omitempty"`
	Checks    []checkJSON        `json:"checks"`
	Trouble   []string           `json:"trouble"`
	Healing   watch.HealingState `json:"healing"`
}

type colourJSON struct {
	watch.ColourState
	Containers []watch.ContainerState `json:"containers"`
}

type checkJSON struct {
	Name    string        `json:"name"`
	Kind    string        `json:"kind"`
	Target  string        `json:"target"`
	Every   float64       `json:"every_seconds"`
	Verdict watch.Verdict `json:"verdict"`
	Since   time.Time     `json:"since,omitzero"`
	Why     string        `json:"why,omitempty"`
	Last    *sampleJSON   `json:"last"`
	Page    string        `json:"page"`
}

type sampleJSON struct {
	At              time.Time `json:"at"`
	Took            float64   `json:"took_seconds"`
	Result          string    `json:"result"`
	Said            string    `json:"said,omitempty"`
	CertificateEnds time.Time `json:"certificate_ends,omitzero"`
}

type bucketJSON struct {
	From       time.Time `json:"from"`
	Step       float64   `json:"step_seconds"`
	Good       int       `json:"good"`
	Bad        int       `json:"bad"`
	Unmeasured int       `json:"unmeasured"`
	Paused     int       `json:"paused"`
	Min        float64   `json:"min_seconds"`
	Median     float64   `json:"median_seconds"`
	P95        float64   `json:"p95_seconds"`
	Max        float64   `json:"max_seconds"`
	Said       string    `json:"said,omitempty"`
}

type incidentJSON struct {
	watch.Incident
	Lasted float64 `json:"lasted_seconds"`
}

type deploymentJSON struct {
	watch.Deployment
	Images  []watch.Image `json:"images"`
	Steps   []stepJSON    `json:"steps"`
	Reasons []string      `json:"reasons"`
}

type stepJSON struct {
	Name   string  `json:"name"`
	Status string  `json:"status"`
	Took   float64 `json:"took_seconds"`
}

func apiState(s watch.State, notes []watch.Note, now time.Time) stateJSON {
	b := banner(s, notes, now)
	return stateJSON{
		Project: s.Project, At: s.At, Started: s.Started, Overall: b.Overall, Text: b.Text, Deploying: s.Deploying, Live: s.Live, LiveBy: s.LiveBy, Preview: s.Preview,
		Colours: apiList(s.Colours, func(c watch.ColourState) colourJSON {
			return colourJSON{c, apiList(c.Containers, func(c watch.ContainerState) watch.ContainerState { return c })}
		}),
		Checks: apiList(s.Checks, apiCheck), Trouble: apiList(s.Trouble, func(t string) string { return t }), Healing: s.Healing,
	}
}

func apiCheck(c watch.CheckState) checkJSON {
	out := checkJSON{Name: c.Name, Kind: c.Kind, Target: c.Target, Every: seconds(c.Every), Verdict: watch.Verdict(verdictWord(c.Verdict)), Since: c.Since, Why: c.Why, Page: "check/" + checkFile(c.Name)}
	if c.Last != nil {
		out.Last = &sampleJSON{c.Last.At, seconds(c.Last.Took), string(c.Last.Result), c.Last.Said, c.Last.CertificateEnds}
	}
	return out
}

func apiBucket(b watch.Bucket) bucketJSON {
	return bucketJSON{b.From, seconds(b.Step), b.Good, b.Bad, b.Unmeasured, b.Paused, seconds(b.Min), seconds(b.Median), seconds(b.P95), seconds(b.Max), b.Said}
}

func apiDeployment(d watch.Deployment) deploymentJSON {
	same := func(i watch.Image) watch.Image { return i }
	step := func(s watch.Step) stepJSON { return stepJSON{s.Name, s.Status, seconds(s.Took)} }
	return deploymentJSON{d, apiList(d.Images, same), apiList(d.Steps, step), apiList(d.Reasons, func(r string) string { return r })}
}
