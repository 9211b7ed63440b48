package model

import (
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
	// NginxID and NginxNode say which nginx was found last, and on which machine of a cluster. They are never compared:
	// nginx may be made again, and on another machine.
	NginxID   string `json:"nginx_id,omitempty"`
	NginxNode string `json:"nginx_node,omitempty"`
	// Folder and Host are for people. They decide nothing: a CI job has another checkout each time.
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

// Common says whether two applications can be the same one by their services. What is not known of either is no difference.
func (i Identity) Common(other Identity) bool {
	if len(i.Services) == 0 || len(other.Services) == 0 {
		return true
	}
	return slices.ContainsFunc(i.Services, func(key string) bool { return slices.Contains(other.Services, key) })
}

// IdentityOf is what the Compose files say of an application.
func IdentityOf(app Application, host string) Identity {
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

// Identity is which application the journal is of; nothing of what is not known is set. Older versions did not write it
// down: there it is that of the releases which a run would act on.
func (j Journal) Identity() Identity {
	if j.Application != nil {
		return *j.Application
	}
	var i Identity
	for _, rec := range j.Releases[:min(KeptReleases, len(j.Releases))] {
		i.add(rec.Model)
	}
	if e := j.Current; e != nil {
		for _, rec := range []*ReleaseRecord{e.Old, e.Back} {
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

// OfApplication is the journal as it is written: with the application that it is of, and the nginx that this one has. Where that
// is not known, an earlier run's is kept.
func (j Journal) OfApplication(own Identity, now Route, node string) Journal {
	if own.Nginx = now.Nginx; own.Nginx == "" && j.Application != nil {
		own.Nginx = j.Application.Nginx
	}
	switch {
	case now.Nginx != "" && node != "":
		own.NginxID, own.NginxNode = now.ID, node
	case j.Application != nil:
		own.NginxID, own.NginxNode = j.Application.NginxID, j.Application.NginxNode
	}
	j.Application = &own
	return j
}

// ForeignTo is the refusal of a journal that another application of the same project name has written.
func ForeignTo(project string, theirs, ours Identity) error {
	return Refuse(ForeignJournal, "the journal of project %s (container bluegate-journal-%[1]s) is of another application (%s), and this one is: %s. If these are two, give this one a name of its own in bluegate.yml: project: %[1]s-2. If it is the same one, run: docker rm bluegate-journal-%[1]s, which forgets what rollback could go back to",
		project, theirs, ours)
}
