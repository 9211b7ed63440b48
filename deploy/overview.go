package deploy

// tellAbout tells the progress what the run is about, as far as it is known, and notes the versions in the report.
func (r *run) tellAbout() {
	r.report.Versions = r.plan.Versions(r.seen)
	o := r.plan.Overview(r.seen, r.Settings)
	o.Command, o.Live, o.Looks = r.command, r.seen.Live.Colour, r.lease == nil
	r.Progress.About(o)
}
