package deploy

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Identity says which application a journal is of. Two applications are the same one if they have a service in common
// and switch the same nginx.
type Identity struct {
	Services []string `json:"services"` // without their colour, sorted
	Nginx    string   `json:"nginx,omitempty"`
	// Folder and Host are for people. They are never compared: a CI job has another checkout each time.
	Folder string `json:"folder,omitempty"`
	Host   string `json:"host,omitempty"`
}

func (i Identity) String() string {
	text := "services " + strings.Join(i.Services, ", ")
	if i.Nginx != "" {
		text += ", " + i.Nginx
	}
	if i.Folder != "" {
		text += fmt.Sprintf(", deployed from %s on %s", i.Folder, i.Host)
	}
	return text
}

// identityOf is what the Compose files say of an application.
func identityOf(app Application, host string) Identity {
	i := Identity{Host: host}
	for _, colour := range Colours {
		m := app.Models[colour]
		i.add(m)
		if i.Folder == "" && len(m.Files) > 0 {
			i.Folder = filepath.Dir(m.Files[0])
		}
	}
	slices.Sort(i.Services)
	return i
}

func (i *Identity) add(m Model) {
	for _, s := range m.Services {
		if !slices.Contains(i.Services, s.Key) {
			i.Services = append(i.Services, s.Key)
		}
	}
}

// identity is which application the journal is of; nothing of what is not known is set. Older versions did not write it
// down: there it is that of the releases which a run would act on.
func (j Journal) identity() Identity {
	if j.Application != nil {
		return *j.Application
	}
	var i Identity
	for _, rec := range j.Releases[:min(held, len(j.Releases))] {
		i.add(rec.Model)
	}
	if e := j.Current; e != nil {
		for _, rec := range []*Record{e.Old, e.Back} {
			if rec != nil {
				i.add(rec.Model)
			}
		}
		if e.Change != nil {
			i.Nginx = e.Change.Nginx
		}
	}
	slices.Sort(i.Services)
	return i
}

// ownJournal refuses a journal that another application of the same name has written: to settle it would undo that
// one's releases, and to prune would remove its images. What is not known of either is no difference.
func (r *run) ownJournal(ctx context.Context) error {
	theirs := r.journal.identity()
	common := slices.ContainsFunc(theirs.Services, func(key string) bool { return slices.Contains(r.identity.Services, key) })
	if len(theirs.Services) > 0 && len(r.identity.Services) > 0 && !common {
		return r.foreign(theirs)
	}
	if theirs.Nginx == "" || r.route.State == "" || theirs.Nginx == r.route.Nginx { // or it was not observed yet
		return nil
	}
	there, err := r.Router.Exists(ctx, theirs.Nginx)
	if err == nil && there { // else it was renamed, or moved
		return r.foreign(theirs)
	}
	return err
}

func (r *run) foreign(theirs Identity) error {
	ours := r.identity
	ours.Nginx = cmp.Or(r.route.Nginx, "no nginx")
	project := r.app.Project
	return Refuse(ForeignJournal, "the journal of project %s (container bluegate-journal-%s) is of another application (%s), and this one is: %s. If these are two, give this one a name of its own in bluegate.yml: project: %s-2. If it is the same one, run: docker rm bluegate-journal-%s, which forgets what rollback could go back to",
		project, project, theirs, ours, project, project)
}

// known is the journal with which application it is of.
func (r *run) known(j Journal) Journal {
	own := r.identity
	if own.Nginx = r.route.Nginx; own.Nginx == "" && j.Application != nil {
		own.Nginx = j.Application.Nginx
	}
	j.Application = &own
	return j
}
