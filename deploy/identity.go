package deploy

import (
	"cmp"
	"context"
	"slices"

	"bluegate/deploy/model"
)

// ownJournal refuses a journal that another application of the same name has written: to settle it would undo that
// one's releases, and to prune would remove its images. What is not known of either is no difference.
func (r *run) ownJournal(ctx context.Context) error {
	theirs := r.journal.Identity()
	common := slices.ContainsFunc(theirs.Services, func(key string) bool { return slices.Contains(r.identity.Services, key) })
	if len(theirs.Services) > 0 && len(r.identity.Services) > 0 && !common {
		return r.foreignJournal(theirs)
	}
	if theirs.Nginx == "" || r.seen.Route.State == "" || theirs.Nginx == r.seen.Route.Nginx { // or it was not observed yet
		return nil
	}
	there, err := r.Router.Exists(ctx, theirs.Nginx)
	if err == nil && there { // else it was renamed, or moved
		return r.foreignJournal(theirs)
	}
	return err
}

func (r *run) foreignJournal(theirs model.Identity) error {
	ours := r.identity
	ours.Nginx = cmp.Or(r.seen.Route.Nginx, "no nginx")
	project := r.seen.Application.Project
	return model.Refuse(model.ForeignJournal, "the journal of project %s (container bluegate-journal-%s) is of another application (%s), and this one is: %s. If these are two, give this one a name of its own in bluegate.yml: project: %s-2. If it is the same one, run: docker rm bluegate-journal-%s, which forgets what rollback could go back to",
		project, project, theirs, ours, project, project)
}

// withIdentity is the journal with which application it is of.
func (r *run) withIdentity(j model.Journal) model.Journal {
	own := r.identity
	if own.Nginx = r.seen.Route.Nginx; own.Nginx == "" && j.Application != nil {
		own.Nginx = j.Application.Nginx
	}
	j.Application = &own
	return j
}
