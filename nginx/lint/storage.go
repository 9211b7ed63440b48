package lint

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bluegate/deploy/model"
)

// storedBadly: where the file that a switch writes is kept decides whether nginx sees the new one, and whether it is
// still there tomorrow.
func storedBadly(f Input) (all []model.Finding) {
	for _, file := range slices.Sorted(maps.Keys(f.Stored)) {
		s := f.Stored[file]
		found := model.Finding{Place: file}
		switch s.Kind {
		case InFile:
			found.Code = "single-file-mount"
			found.Message = fmt.Sprintf("%s is mounted by itself: whoever replaces it on the host (an editor, git, sed -i) gives it a new inode, and nginx goes on seeing the old one until its container is restarted", file)
			found.Cost = "a switch by hand that is never seen, or is seen days later; bluegate itself must write such a file in place, which is not atomic"
			found.Remedy = mountRemedy(f, s) + fmt.Sprintf("\n# instead of %s:%s, which the copy contains", s.Source, s.Target)
		case InImage, InLayer:
			found.Code = "not-persistent"
			found.Message = fmt.Sprintf("%s lies in no mount of %s, and so does every switch", file, f.Nginx)
			if s.Kind == InImage {
				found.Message = fmt.Sprintf("%s comes with the image of %s and lies in no mount, and so does every switch", file, f.Nginx)
			}
			found.Cost = "when the container is made anew (docker compose up -d after any change to it, a new image) nginx serves again what its image holds, which may be the colour that was stopped"
			found.Remedy = mountRemedy(f, s)
		case InMemory:
			found.Code = "not-persistent"
			found.Message = fmt.Sprintf("%s lies in a tmpfs of %s, and so does every switch", file, f.Nginx)
			found.Cost = "when the container is restarted nginx serves again what fills the tmpfs at its start, or nothing"
			found.Remedy = mountRemedy(f, s)
		default:
			continue
		}
		all = append(all, found)
	}
	return all
}

// mountRemedy is the one-time edit: what is there is copied out into a new folder, and that is mounted in its place. It
// changes nothing in a folder that exists: mkdir fails there, and so nothing is copied.
func mountRemedy(f Input, s Storage) string {
	folder, inside := f.Folder, s.Inside
	if folder == "" {
		folder = NewFolder("")
	}
	copied := fmt.Sprintf("docker cp %s:%s/. ./%s", f.Name, inside, folder)
	if s.Kind == InMemory { // docker cp does not see a tmpfs
		copied = fmt.Sprintf("docker exec -u 0 %s tar -c -C %s . | tar -x -C %s", f.Name, inside, folder)
	}
	return fmt.Sprintf("# once, in the folder of nginx's Compose file; where ./%[1]s exists, take another name in both places:\nmkdir %[1]s && %[2]s\n# in nginx's Compose service:\nvolumes:\n  - ./%[1]s:%[3]s\n# then: docker compose up -d", folder, copied, inside)
}

// NewFolder is a name that nothing has in a folder of this machine. Where the folder is another machine's, or not known,
// the name may be taken there.
func NewFolder(dir string) string {
	name := "nginx-files"
	for n := 2; dir != "" && n < 100; n++ {
		if _, err := os.Lstat(filepath.Join(dir, name)); errors.Is(err, fs.ErrNotExist) {
			break
		}
		name = fmt.Sprintf("nginx-files-%d", n)
	}
	return name
}

// trackedByGit: a checkout writes back the colour that was committed.
func trackedByGit(f Input) (all []model.Finding) {
	for _, file := range slices.Sorted(maps.Keys(f.Stored)) {
		s := f.Stored[file]
		if s.Git == "" {
			continue
		}
		all = append(all, model.Finding{
			Code: "tracked-by-git", Place: file,
			Message: fmt.Sprintf("%s, which each switch changes, is tracked by git in %s", s.Host, s.Git),
			Cost:    "git pull, checkout or stash writes back the address that was committed: the next reload of nginx, for whatever reason, sends users to that colour",
			Remedy:  fmt.Sprintf("cd '%s'\ngit rm --cached '%s'\nprintf '\\n/%%s\\n' '%[2]s' >> .gitignore\n# and commit a template next to it, if new machines need one", s.Git, s.tracked()),
		})
	}
	return all
}

// tracked is the file's path in its repository.
func (s Storage) tracked() string {
	return strings.TrimPrefix(strings.TrimPrefix(s.Host, s.Git), "/")
}

// notLoaded names files that were changed since nginx loaded its configuration. Those on which it depends what
// is served refuse a deployment; the others come into force with its reload.
func notLoaded(f Input) (all []model.Finding) {
	for _, file := range f.Unloaded {
		all = append(all, model.Finding{
			Code: "not-loaded", Place: file,
			Message: fmt.Sprintf("%s was changed after %s last loaded its configuration", file, f.Nginx),
			Cost:    "the reload of the next switch brings this change too; should it be a bad one, it shows at that moment",
			Remedy:  "# load it by itself, now, and see\n" + f.Reload,
		})
	}
	return all
}
