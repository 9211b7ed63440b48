package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"bluegate/cmd/bluegate/config/strict"
	"bluegate/deploy/model"
	"bluegate/watch"
)

// Notify is one address to which notifications are sent.
type Notify struct {
	URL string // a secret; empty: Finding says why
	On  []watch.EventKind
	// Remind is how often a failure that lasts is told again; 0: never.
	Remind time.Duration
	// Finding is set if the address is not known: an environment variable is not set. Nothing fails because of that.
	Finding *model.Finding
}

// MinRemind is the shortest time between two reminders.
const MinRemind = 5 * time.Minute

// defaultOn is what is told if the file does not say it.
var defaultOn = []watch.EventKind{watch.EventDown, watch.EventUp, watch.EventDegraded, watch.EventRefused, watch.EventRolledBack, watch.EventNeedsPerson}

// readNotify applies the section notify.
func (o *Options) readNotify(f *File, dir string) error {
	for i, s := range f.Notify {
		at := fmt.Sprintf("notify[%d]", i)
		if (s.URL == "") == (s.URLFile == "") {
			return f.values.Wrong(at, "exactly one of url and url_file is needed")
		}
		if s.Remind != 0 && s.Remind < MinRemind {
			return f.values.Wrong(at+".remind", "must be at least %s", MinRemind)
		}
		n := Notify{On: defaultOn, Remind: s.Remind}
		if len(s.On) > 0 {
			n.On = nil
			for _, kind := range s.On {
				n.On = append(n.On, watch.EventKind(kind))
			}
		}
		if err := f.address(at, s, dir, &n); err != nil {
			return err
		}
		o.Notify = append(o.Notify, n)
	}
	return nil
}

// address reads the address of notifications, and records it as a secret: whoever knows it can write to the channel.
func (f *File) address(at string, s notifySection, dir string, n *Notify) error {
	if s.URLFile != "" {
		url, err := readAddress(s.URLFile, dir)
		if err != nil {
			return f.values.Wrong(at+".url_file", "%v", err)
		}
		n.URL = url
		f.secrets = append(f.secrets, url)
		return nil
	}
	url, err := f.substitute(at+".url", s.URL)
	var missing *strict.Error
	if errors.As(err, &missing) {
		n.Finding = &model.Finding{Code: "notify-unset", Place: missing.Origin.String(), Message: missing.Message, Cost: "nobody is told there"}
		return nil
	}
	n.URL = url
	f.secrets = append(f.secrets, url)
	return nil
}

// readAddress reads a file that nobody else can read.
func readAddress(path, dir string) (string, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	text, mode, err := readChecked(path, dir, true)
	switch {
	case err != nil:
		return "", err
	case mode&readableByOthers != 0:
		return "", fmt.Errorf("%s contains the address and can be read by other users (mode %#o); run: chmod 600 %s", path, mode.Perm(), path)
	case strings.TrimSpace(string(text)) == "":
		return "", fmt.Errorf("%s is empty", path)
	}
	return strings.TrimSpace(string(text)), nil
}
