package agent

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// ps reads lines of `ps -eo pid,ppid,etimes,args`, as the engine's host prints them.
func ps(t *testing.T, text string) []Process {
	t.Helper()
	var all []Process
	for line := range strings.Lines(strings.TrimSpace(text)) {
		var p Process
		var seconds int
		if _, err := fmt.Sscanf(line, "%d %d %d", &p.PID, &p.PPID, &seconds); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		p.Age = time.Duration(seconds) * time.Second
		p.Title = strings.TrimSpace(strings.Join(strings.SplitN(strings.Join(strings.Fields(line), " "), " ", 4)[3:], ""))
		all = append(all, p)
	}
	return all
}

func pids(all []Process) (out []int) {
	for _, p := range all {
		out = append(out, p.PID)
	}
	return out
}

func TestSortOut(t *testing.T) {
	for name, test := range map[string]struct {
		ps               string
		master           int
		workers, leaving []int
	}{
		"as PID 1": {`
			100  90  60 nginx: master process nginx -g daemon off;
			120 100  60 nginx: worker process
			121 100  60 nginx: worker process`, 100, []int{120, 121}, nil},
		"behind a shell": {`
			100  90  60 sh -c nginx -g "daemon off;"
			101 100  60 nginx: master process nginx -g daemon off;
			120 101  60 nginx: worker process`, 101, []int{120}, nil},
		"with a cache": {`
			100  90  60 nginx: master process nginx
			120 100  60 nginx: worker process
			121 100  60 nginx: cache manager process
			122 100  10 nginx: cache loader process`, 100, []int{120}, nil},
		"after a reload": {`
			100  90  60 nginx: master process nginx
			120 100  60 nginx: worker process is shutting down
			121 100  60 nginx: cache manager process is shutting down
			130 100   1 nginx: worker process
			131 100   1 nginx: worker process`, 100, []int{130, 131}, []int{120}},
		"all are leaving": {`
			100  90  60 nginx: master process nginx
			120 100  60 nginx: worker process is shutting down`, 100, nil, []int{120}},
		"without workers": {`
			100  90   0 nginx: master process nginx`, 100, nil, nil},
		"a worker that another program calls so": {`
			100  90  60 nginx: master process nginx
			120 100  60 nginx: worker process
			200 150  60 nginx: worker process
			201 100  60 tail -f nginx: worker process`, 100, []int{120}, nil},
		// The new master is a child of the old one, which is the one that the container's signals reach.
		"binary upgrade": {`
			100  90  60 nginx: master process nginx
			120 100  60 nginx: worker process
			140 100   2 nginx: master process nginx
			141 140   2 nginx: worker process`, 100, []int{120}, nil},
		"binary upgrade, its pid beginning anew": {`
			 10 100   2 nginx: master process nginx
			 11  10   2 nginx: worker process
			100  90  60 nginx: master process nginx
			120 100  60 nginx: worker process`, 100, []int{120}, nil},
		// A worker bears its master's title for its first moment.
		"a worker that has not named itself yet": {`
			  7 100   0 nginx: master process nginx
			100  90  60 nginx: master process nginx
			120 100  60 nginx: worker process is shutting down`, 100, nil, []int{120}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Sort(ps(t, test.ps))
			if err != nil {
				t.Fatal(err)
			}
			if s.Master.PID != test.master || !slices.Equal(pids(s.Workers), test.workers) || !slices.Equal(pids(s.ShuttingDown), test.leaving) {
				t.Errorf("master %d, workers %v, leaving %v", s.Master.PID, pids(s.Workers), pids(s.ShuttingDown))
			}
		})
	}
}

func TestSortOutWithoutNginx(t *testing.T) {
	for _, text := range []string{
		"1 0 60 /docker-entrypoint.sh nginx -g daemon off;",
		"1 0 60 vi nginx: master process",
		"1 0 60 nginx: worker process",
	} {
		if s, err := Sort(ps(t, text)); !errors.Is(err, ErrNoMaster) {
			t.Errorf("%q: %+v, %v", text, s, err)
		}
	}
}

func TestSince(t *testing.T) {
	workers := func(pids ...int) (s Snapshot) {
		for _, pid := range pids {
			s.Workers = append(s.Workers, Process{PID: pid})
		}
		return s
	}
	for _, test := range []struct {
		before, now []int
		old, fresh  int
	}{
		{[]int{1, 2}, []int{1, 2}, 2, 0},
		{[]int{1, 2}, []int{3, 4}, 0, 2},
		{[]int{1, 2}, []int{2, 3, 4}, 1, 2},
		{nil, []int{3}, 0, 1},
		{[]int{1}, nil, 0, 0},
	} {
		if old, fresh := workers(test.now...).Diff(workers(test.before...)); old != test.old || fresh != test.fresh {
			t.Errorf("%v after %v: %d old, %d fresh; want %d, %d", test.now, test.before, old, fresh, test.old, test.fresh)
		}
	}
}

// A worker that leaves counts neither as old nor as fresh: it accepts nothing any more.
func TestSinceKnowsLeavingOnes(t *testing.T) {
	before, _ := Sort(ps(t, "100 90 60 nginx: master process nginx\n120 100 60 nginx: worker process"))
	now, _ := Sort(ps(t, "100 90 60 nginx: master process nginx\n120 100 60 nginx: worker process is shutting down\n130 100 0 nginx: worker process"))
	if old, fresh := now.Diff(before); old != 0 || fresh != 1 {
		t.Errorf("%d old, %d fresh", old, fresh)
	}
}

func TestOldest(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	s, err := Sort(ps(t, `
		100 90 900 nginx: master process nginx
		110 100 800 nginx: worker process is shutting down
		120 100 60 nginx: worker process
		121 100 7 nginx: worker process`))
	if err != nil {
		t.Fatal(err)
	}
	if at, ok := s.OldestStart(now); !ok || now.Sub(at) != time.Minute {
		t.Errorf("%s before now, %t; want 1m0s: only accepting workers count", now.Sub(at), ok)
	}
	s.Workers = nil
	if at, ok := s.OldestStart(now); ok {
		t.Errorf("without workers: %s", at)
	}
}

// In whole seconds a reload cannot be told from a write that came a moment before or after; the workers' ids can.
func TestLoaded(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	s, err := Sort(ps(t, `
		100 90 900 nginx: master process nginx
		110 100 800 nginx: worker process is shutting down
		120 100 7 nginx: worker process
		121 100 7 nginx: worker process`))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		before []string
		wrote  time.Duration // ago
		want   bool
	}{
		{"long before the workers began", nil, 10 * time.Second, true},
		{"a second before they began", nil, 8 * time.Second, false},
		{"a second before, and those of then are gone", []string{"110@0", "111@0"}, 8 * time.Second, true},
		{"in the same second, and those of then are gone", []string{"110@0"}, 7 * time.Second, true},
		{"in the same second, and one of then still accepts", []string{"110@0", "121@0"}, 7 * time.Second, false},
		{"long after they began, whoever was there", []string{"110@0"}, 3 * time.Second, false},
	} {
		if got := s.Loaded(test.before, now.Add(-test.wrote), now); got != test.want {
			t.Errorf("written %s: %t", test.name, got)
		}
	}
	if s.Workers = nil; s.Loaded([]string{"110@0"}, now.Add(-time.Minute), now) {
		t.Error("without workers nothing is loaded")
	}
}

func TestCommand(t *testing.T) {
	for title, want := range map[string]string{
		"nginx: master process nginx -g daemon off;":                                   "nginx -g daemon off;",
		"nginx: master process /usr/sbin/nginx -c /etc/shop.conf":                      "/usr/sbin/nginx -c /etc/shop.conf",
		"nginx: master process /opt/nginx/sbin/nginx -p /srv/edge/ -c conf/nginx.conf": "/opt/nginx/sbin/nginx -p /srv/edge/ -c conf/nginx.conf",
		"nginx: master process nginx -g daemon off; -c /etc/shop.conf -e stderr":       "nginx -g daemon off; -c /etc/shop.conf -e stderr",
		"nginx: master process nginx -c":                                               "nginx",
		"nginx: master process nginx -c/etc/shop.conf -gdaemon off;":                   "nginx -c /etc/shop.conf -g daemon off;",
		"nginx: master process nginx -qc /etc/shop.conf -p/srv/edge":                   "nginx -c /etc/shop.conf -p /srv/edge",
		"nginx: master process nginx -c /etc/nginx/nginx.conf -c /etc/shop.conf":       "nginx -c /etc/shop.conf",
		"nginx: master process nginx -g user nginx; daemon off; -e/dev/stderr":         "nginx -g user nginx; daemon off; -e /dev/stderr",
		"nginx: master process": "nginx",
	} {
		s := Snapshot{Master: Process{Title: title}}
		executable, flags := s.Command()
		if got := strings.Join(append([]string{executable}, flags...), " "); got != want {
			t.Errorf("%q: %q, want %q", title, got, want)
		}
	}
}

// A master that waits for its next signal, with the workers from before and no child that is still to be named, has made
// nothing of the last one.
func TestUnmoved(t *testing.T) {
	const master = "100 90 60 nginx: master process nginx\n"
	before, _ := Sort(ps(t, master+"120 100 60 nginx: worker process"))
	for name, test := range map[string]struct {
		ps    string
		waits bool
		want  bool
	}{
		"nothing came of it":       {master + "120 100 60 nginx: worker process", true, true},
		"it is still busy":         {master + "120 100 60 nginx: worker process", false, false},
		"a new worker":             {master + "120 100 60 nginx: worker process\n130 100 0 nginx: worker process", true, false},
		"one without a name yet":   {master + "120 100 60 nginx: worker process\n130 100 0 nginx: master process nginx", true, false},
		"the old one is leaving":   {master + "120 100 60 nginx: worker process is shutting down", true, false},
		"the old one is gone":      {master, true, false},
		"another master meanwhile": {"101 90 1 nginx: master process nginx\n120 101 60 nginx: worker process", true, false},
	} {
		now, err := Sort(ps(t, test.ps))
		if err != nil {
			t.Fatal(err)
		}
		now.Master.Waiting = test.waits
		if got := now.Unchanged(before); got != test.want {
			t.Errorf("%s: %t, want %t", name, got, test.want)
		}
	}
}

// Only where the kernel tells of any process is silence of the master's a sign.
func TestBusy(t *testing.T) {
	for _, test := range []struct {
		master, worker string
		want           bool
	}{
		{"do_sigsuspend", "ep_poll", false}, {"sigsuspend", "-", false}, {"-", "ep_poll", true}, {"0", "do_epoll_wait", true},
		{"do_signal_stop", "-", true}, {"-", "-", false}, {"0", "0", false}, {"?", "?", false}, {"", "", false},
	} {
		s := Snapshot{Workers: []Process{{}}}
		s.Master.SetWaitChannel(test.master)
		s.Workers[0].SetWaitChannel(test.worker)
		if s.Busy() != test.want {
			t.Errorf("%q and %q: %t", test.master, test.worker, s.Busy())
		}
	}
}

// The processes of a container that was restarted have the same pids again.
func TestSamePIDsAfterARestart(t *testing.T) {
	begun := func(start int64) Snapshot {
		return Snapshot{Master: Process{PID: 1, Started: start, Waiting: true}, Workers: []Process{{PID: 7, PPID: 1, Started: start + 2}}}
	}
	before, now := begun(1000), begun(2000)
	if old, fresh := now.Diff(before); old != 0 || fresh != 1 {
		t.Errorf("%d old, %d fresh", old, fresh)
	}
	if now.Unchanged(before) || !before.Unchanged(before) {
		t.Error("a restarted nginx is taken for the same one")
	}
}

// A second nginx of a container is a child of the first one, if that is the container's first process; so are the new master of
// an upgrade and a worker in its first moment, which bear the same title.
func TestSortOfSeveralMasters(t *testing.T) {
	s, err := Sort([]Process{
		NewProcess(1, 0, "nginx: master process nginx -g daemon off;"), NewProcess(7, 1, "nginx: master process nginx -c/etc/second.conf"), NewProcess(8, 7, "nginx: worker process"),
		NewProcess(9, 1, "nginx: worker process"), NewProcess(10, 1, "nginx: master process nginx -g daemon off;"), NewProcess(11, 0, "nginx: master process nginx -c /etc/third.conf"),
	})
	if err != nil || s.Master.PID != 1 || len(s.Workers) != 1 || s.Unnamed != 1 || len(s.Others) != 2 || s.Others[0].PID != 11 || s.Others[1].PID != 7 {
		t.Errorf("%+v, %v", s, err)
	}
}
