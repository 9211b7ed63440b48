package plan

import (
	"cmp"
	"fmt"
	"time"

	"bluegate/deploy/model"
)

// Drift says what differs between what runs and what was promoted: containers of the live colour that no gate has seen,
// and containers of a retired colour that someone started. `docker compose up` does both. Nothing is said while a
// deployment is under way, or where it is not known what is live.
func (o Observation) Drift(keep model.Keep) (found []model.Finding) {
	j := o.Journal
	if j.Current != nil && !j.Current.Waits() || o.Holder != nil || len(j.Releases) == 0 || o.Live.Colour == model.None {
		return nil
	}
	if live := j.Releases[0]; live.Colour == o.Live.Colour {
		found = append(found, o.notPromoted(live)...)
	}
	if len(j.Releases) > 1 && j.Current == nil && keep != model.KeepRunning {
		if retired := j.Releases[1]; retired.Colour != o.Live.Colour && len(retired.Kept) > 0 {
			found = append(found, o.startedAgain(retired)...)
		}
	}
	return found
}

// notPromoted are the containers of the live colour that are not the live release's.
func (o Observation) notPromoted(live model.ReleaseRecord) (found []model.Finding) {
	if live.Adopted && len(live.Kept) == 0 { // its containers carry no label
		return nil
	}
	for _, c := range o.Of(live.Colour) {
		if !c.InUse() || c.Release == live.Release || live.Owns(c) {
			continue
		}
		found = append(found, model.Finding{
			Code: "not-promoted", Place: c.Name,
			Message: fmt.Sprintf("container %q of %s, which is live, is not of release %s, which was promoted: it was created without bluegate, as `docker compose up` does, and runs %s", c.Name, live.Colour, live.Release, c.Image),
			Cost:    "users are on a container whose health no gate has watched; a rollback does not go back to what was promoted",
			Remedy:  "bluegate deploy",
		})
	}
	return found
}

// startedAgain are the containers of a colour that had retired and run again.
func (o Observation) startedAgain(retired model.ReleaseRecord) (found []model.Finding) {
	for _, c := range o.Of(retired.Colour) {
		if !c.InUse() {
			continue
		}
		what := "release " + retired.Release
		if !retired.Owns(c) {
			what = "no release, but " + c.Image
		}
		found = append(found, model.Finding{
			Code: "retired-runs", Place: c.Name,
			Message: fmt.Sprintf("container %q of %s runs (%s), though %s retired: someone started it, as `docker compose up` does", c.Name, retired.Colour, what, retired.Colour),
			Cost:    "no user gets it, but it may take jobs from queues, run schedules, and use memory; the next deployment replaces it",
			Remedy:  fmt.Sprintf("%s   (nginx sends it nothing, as of %s)", cmp.Or(c.StopWith, "docker stop "+c.Name), o.At.UTC().Format(time.RFC3339)),
		})
	}
	return found
}
