package agent

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Process is one process of nginx's, as /proc shows it: no ps is needed in the image or on the engine's machine.
type Process struct {
	PID, PPID  int
	Started    int64 // when the kernel started it, in its own units since its own start; 0: not known
	Title      string
	Age        time.Duration // since the kernel started it, in hundredths of a second
	KnownState bool          // what it waits for, if for anything: not every kernel says that, nor to everybody
	Waiting    bool          // for a signal, as the kernel says; false also where it does not say
}

// NewProcess is a process of which only these are known.
func NewProcess(pid, ppid int, title string) Process {
	title, _ = normalTitle(title)
	return Process{PID: pid, PPID: ppid, Title: title}
}

// normalTitle is a title as nginx writes it; angie has its own name in the place of nginx's.
func normalTitle(title string) (string, bool) {
	if rest, ok := strings.CutPrefix(title, "angie: "); ok {
		return "nginx: " + rest, true
	}
	return title, strings.HasPrefix(title, "nginx: ")
}

// sigsuspend is the kernel's word for the call in which an idle master waits for its next signal.
const sigsuspend = "sigsuspend"

// Snapshot is what runs in nginx's container at one moment.
type Snapshot struct {
	Master       Process
	Workers      []Process // accepting ones
	ShuttingDown []Process // workers of an earlier configuration, which answer what they have begun
	Unnamed      int       // children that bear the master's title still, or again
	Others       []Process // masters that are no child of this one
}

const (
	MasterTitle  = "nginx: master process"
	workerTitle  = "nginx: worker process"
	leavingTitle = "is shutting down"
)

// ErrNoMaster says that nginx does not run where the agent looks: it has ended, or is just being started again.
var ErrNoMaster = errors.New("no nginx master process runs in it")

// SetWaitChannel takes the kernel's word for where a process sleeps. A process that runs is in none, and a kernel that does not
// tell says the same.
func (p *Process) SetWaitChannel(where string) {
	p.KnownState, p.Waiting = strings.Trim(where, "-0?") != "", strings.Contains(where, sigsuspend)
}

// Sort finds the oldest master and its children. Pids do not tell which is the oldest: a child that bears the title
// too, the new master of a binary upgrade or a worker in its first moment, may have got a lower one.
func Sort(all []Process) (Snapshot, error) {
	isMaster := func(p Process) bool { return strings.HasPrefix(p.Title, MasterTitle) }
	at := -1
	var masters []Process
	for i, p := range all {
		below := slices.ContainsFunc(all, func(o Process) bool { return isMaster(o) && o.PID == p.PPID })
		if !isMaster(p) || below {
			continue
		}
		masters = append(masters, p)
		if at < 0 || p.Started < all[at].Started {
			at = i
		}
	}
	if at < 0 {
		return Snapshot{}, ErrNoMaster
	}
	s := Snapshot{Master: all[at], Others: slices.DeleteFunc(masters, func(p Process) bool { return p.PID == all[at].PID })}
	for _, p := range all {
		switch {
		case p.PPID == s.Master.PID && isMaster(p) && p.Title != s.Master.Title: // another nginx that continued in the background
			s.Others = append(s.Others, p)
		case p.PPID == s.Master.PID && isMaster(p):
			s.Unnamed++
		case p.PPID != s.Master.PID || !strings.HasPrefix(p.Title, workerTitle):
		case strings.Contains(p.Title, leavingTitle):
			s.ShuttingDown = append(s.ShuttingDown, p)
		default:
			s.Workers = append(s.Workers, p)
		}
	}
	return s, nil
}

// ID tells a process from every other one: the processes of a restarted container may have the same pids again.
func (p Process) ID() string { return fmt.Sprintf("%d@%d", p.PID, p.Started) }

// Accepting are the ids of the workers that accept connections.
func (s Snapshot) Accepting() (ids []string) {
	for _, w := range s.Workers {
		ids = append(ids, w.ID())
	}
	return ids
}

// Diff says how many of the accepting workers were there before, and how many are new.
func (s Snapshot) Diff(before Snapshot) (old, fresh int) {
	for _, w := range s.Workers {
		if slices.ContainsFunc(before.Workers, func(b Process) bool { return b.ID() == w.ID() }) {
			old++
		} else {
			fresh++
		}
	}
	return old, fresh
}

// Unchanged says that the master has done what it was signalled to do, and that nothing came of it: it waits for the next
// signal, and its workers are those from before.
func (s Snapshot) Unchanged(before Snapshot) bool {
	old, fresh := s.Diff(before)
	return s.Master.Waiting && s.Master.ID() == before.Master.ID() && s.Unnamed == 0 && fresh == 0 && old == len(before.Workers) && len(s.ShuttingDown) <= len(before.ShuttingDown)
}

// Busy says that the master is at something: it reads a configuration for someone else, for instance. Where the kernel
// tells nothing of any process it is taken to be idle.
func (s Snapshot) Busy() bool {
	told := func(p Process) bool { return p.KnownState }
	return !s.Master.Waiting && (s.Master.KnownState || slices.ContainsFunc(s.Workers, told) || slices.ContainsFunc(s.ShuttingDown, told))
}

// OldestStart is the latest moment at which the oldest accepting worker can have started; ok is false without workers.
func (s Snapshot) OldestStart(now time.Time) (start time.Time, ok bool) {
	for _, w := range s.Workers {
		if at := now.Add(-w.Age); !ok || at.Before(start) {
			start, ok = at, true
		}
	}
	return start, ok
}

// OlderThan says that the oldest accepting worker surely began before that moment. Ages are whole seconds, so a change
// within a second of a reload cannot be told from it.
func (s Snapshot) OlderThan(moment, now time.Time) bool {
	began, ok := s.OldestStart(now)
	return ok && moment.After(began.Add(time.Second))
}

// Command is how nginx was started: its executable and the flags that choose the configuration, for other calls of it.
func (s Snapshot) Command() (executable string, flags []string) {
	words := strings.Fields(strings.TrimPrefix(s.Master.Title, MasterTitle))
	if len(words) == 0 {
		return "nginx", nil
	}
	return words[0], Flags(words[1:])
}

// Loaded says whether every accepting worker has read a file that was written at that moment. In doubt it has not: to
// put the old bytes back and reload harms nobody, and to stop the colour that an older worker serves does.
//
// Ages are whole seconds, so a worker may be a second older than it says, and so are the archive's times: the file may be
// a second newer. Within these seconds the workers from before the write tell, where they are known: if none of them
// accepts any more, there was a reload. An id that was given again meanwhile is taken for the old worker's.
func (s Snapshot) Loaded(before []string, written, asked time.Time) bool {
	began, ok := s.OldestStart(asked)
	if !ok || began.Before(written.Add(-time.Second)) {
		return false
	}
	if began.Add(-time.Second).After(written.Add(time.Second)) {
		return true
	}
	stayed := func(w Process) bool { return slices.Contains(before, w.ID()) }
	return len(before) > 0 && !slices.ContainsFunc(s.Workers, stayed)
}
