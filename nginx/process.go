package nginx

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// process is one process of nginx's container as the engine's host sees it: no ps is needed in the image.
type process struct {
	pid, ppid int
	title     string
	age       time.Duration // in whole seconds
	told      bool          // what it waits for, if for anything: not every kernel says that, nor to everybody
	waits     bool          // for a signal, as the kernel says; false also where it does not say
}

// sigsuspend is the kernel's word for the call in which an idle master waits for its next signal.
const sigsuspend = "sigsuspend"

// snapshot is what runs in nginx's container at one moment.
type snapshot struct {
	master  process
	workers []process // accepting ones
	leaving []process // workers of an earlier configuration, which answer what they have begun
	unnamed int       // children that bear the master's title still, or again
}

const (
	masterTitle  = "nginx: master process"
	workerTitle  = "nginx: worker process"
	leavingTitle = "is shutting down"
)

var errNoMaster = errors.New("no nginx master process runs in it")

// asleepIn takes the kernel's word for where a process sleeps. A process that runs is in none, and a kernel that does not
// tell says the same.
func (p *process) asleepIn(where string) {
	p.told, p.waits = strings.Trim(where, "-0?") != "", strings.Contains(where, sigsuspend)
}

// sortOut finds the oldest master and its children. Pids do not tell which is the oldest: a child that bears the title
// too, the new master of a binary upgrade or a worker in its first moment, may have got a lower one.
func sortOut(all []process) (snapshot, error) {
	isMaster := func(p process) bool { return strings.HasPrefix(p.title, masterTitle) }
	at := slices.IndexFunc(all, func(p process) bool {
		return isMaster(p) && !slices.ContainsFunc(all, func(o process) bool { return isMaster(o) && o.pid == p.ppid })
	})
	if at < 0 {
		return snapshot{}, errNoMaster
	}
	s := snapshot{master: all[at]}
	for _, p := range all {
		switch {
		case p.ppid == s.master.pid && isMaster(p):
			s.unnamed++
		case p.ppid != s.master.pid || !strings.HasPrefix(p.title, workerTitle):
		case strings.Contains(p.title, leavingTitle):
			s.leaving = append(s.leaving, p)
		default:
			s.workers = append(s.workers, p)
		}
	}
	return s, nil
}

// accepting are the ids of the workers that accept connections.
func (s snapshot) accepting() (pids []int) {
	for _, w := range s.workers {
		pids = append(pids, w.pid)
	}
	return pids
}

// since says how many of the accepting workers were there before, and how many are new.
func (s snapshot) since(before snapshot) (old, fresh int) {
	for _, w := range s.workers {
		if slices.ContainsFunc(before.workers, func(b process) bool { return b.pid == w.pid }) {
			old++
		} else {
			fresh++
		}
	}
	return old, fresh
}

// unmoved says that the master has done what it was signalled to do, and that nothing came of it: it waits for the next
// signal, and its workers are those from before.
func (s snapshot) unmoved(before snapshot) bool {
	old, fresh := s.since(before)
	return s.master.waits && s.master.pid == before.master.pid && s.unnamed == 0 && fresh == 0 && old == len(before.workers) && len(s.leaving) <= len(before.leaving)
}

// busy says that the master is at something: it reads a configuration for somebody else, for instance. Where the kernel
// tells nothing of any process it is taken to be idle.
func (s snapshot) busy() bool {
	told := func(p process) bool { return p.told }
	return !s.master.waits && (s.master.told || slices.ContainsFunc(s.workers, told) || slices.ContainsFunc(s.leaving, told))
}

// oldest is the latest moment at which the oldest accepting worker can have started; ok is false without workers.
func (s snapshot) oldest(now time.Time) (start time.Time, ok bool) {
	for _, w := range s.workers {
		if at := now.Add(-w.age); !ok || at.Before(start) {
			start, ok = at, true
		}
	}
	return start, ok
}

// olderThan says that the oldest accepting worker surely began before that moment. Ages are whole seconds, so a change
// within a second of a reload cannot be told from it.
func (s snapshot) olderThan(moment, now time.Time) bool {
	began, ok := s.oldest(now)
	return ok && moment.After(began.Add(time.Second))
}

// command is how nginx was started: its executable and the flags that choose the configuration, for other calls of it.
func (s snapshot) command() (executable string, flags []string) {
	words := strings.Fields(strings.TrimPrefix(s.master.title, masterTitle))
	if len(words) == 0 {
		return "nginx", nil
	}
	for i := 1; i+1 < len(words); i++ {
		switch words[i] {
		case "-c", "-p", "-e":
			flags = append(flags, words[i], words[i+1])
		case "-g": // directives, of which the title has lost the quotes
			end := slices.IndexFunc(words[i+1:], func(w string) bool { return strings.HasPrefix(w, "-") })
			if end < 0 {
				end = len(words) - i - 1
			}
			flags = append(flags, "-g", strings.Join(words[i+1:i+1+end], " "))
		}
	}
	return words[0], flags
}
