package plan

import (
	"fmt"
	"slices"

	"bluegate/deploy/model"
)

// LostPolicies are containers of the live colour that run without the restart policy which the journal remembers of them:
// it was taken away when they retired, and someone made them live again by hand. Each is the container as it is now, with
// the policy that it had.
func (o Observation) LostPolicies() (lost []model.RetainedContainer) {
	if o.Live.Colour == model.None || o.Holder != nil {
		return nil
	}
	records := slices.Clone(o.Journal.Releases)
	if e := o.Journal.Current; e != nil && e.Old != nil {
		records = append([]model.ReleaseRecord{*e.Old}, records...)
	}
	for _, c := range o.Of(o.Live.Colour) {
		if !c.InUse() || c.RestartPol != "no" && c.RestartPol != "" {
			continue
		}
		for _, rec := range records {
			i := slices.IndexFunc(rec.Kept, func(k model.RetainedContainer) bool {
				return (k.ID == c.ID || rec.Release == c.Release && k.Name == c.Name) && k.Policy != "" && k.Policy != "no"
			})
			if i >= 0 {
				lost = append(lost, model.RetainedContainer{Service: c.Service, Name: c.Name, ID: c.ID, Image: c.Image, Digest: c.Digest, Policy: rec.Kept[i].Policy})
				break
			}
		}
	}
	return lost
}

// RestartPolicyLost says for status and doctor which containers of the live colour a restart of the engine would leave
// stopped.
func (o Observation) RestartPolicyLost() (found []model.Finding) {
	for _, c := range o.LostPolicies() {
		found = append(found, model.Finding{
			Code: "restart-policy-lost", Place: c.Name,
			Message: fmt.Sprintf("container %q of %s, which is live, has no restart policy: it had %q, which was taken away when it retired, and someone made %s live again by hand", c.Name, o.Live.Colour, c.Policy, o.Live.Colour),
			Cost:    "after a restart of the engine or of its machine it stays stopped, and users get errors",
			Remedy:  "bluegate settle",
		})
	}
	return found
}
