package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/swarm"

	"bluegate/deploy/model"
	"bluegate/testdata/enginetest"
)

// configs is a Swarm that has config objects only. Its clock is that of the leader.
type configs struct {
	mu      sync.Mutex
	all     []swarm.Config
	made    int
	version uint64
	ahead   time.Duration // of the leader's clock
	fails   bool          // there is no leader
}

func (c *configs) answer(code int, v any) (*http.Response, error) {
	text, _ := json.Marshal(v)
	return &http.Response{StatusCode: code, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(string(text)))}, nil
}

func (c *configs) refuse(code int, message string) (*http.Response, error) {
	return c.answer(code, map[string]string{"message": message})
}

func (c *configs) RoundTrip(req *http.Request) (*http.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fails {
		return c.refuse(http.StatusInternalServerError, "rpc error: code = Unknown desc = The swarm does not have a leader.")
	}
	_, path, _ := strings.Cut(req.URL.Path, "/configs")
	now := time.Now().Add(c.ahead)
	switch {
	case path == "/create":
		var spec swarm.ConfigSpec
		if err := json.NewDecoder(req.Body).Decode(&spec); err != nil {
			return nil, err
		}
		if c.find(spec.Name) >= 0 {
			return c.refuse(http.StatusConflict, "config "+spec.Name+" already exists")
		}
		c.made++
		c.version++
		one := swarm.Config{ID: fmt.Sprintf("id%d", c.made), Spec: spec}
		one.Version.Index, one.CreatedAt, one.UpdatedAt = c.version, now, now
		c.all = append(c.all, one)
		return c.answer(http.StatusCreated, map[string]string{"ID": one.ID})
	case path == "":
		return c.answer(http.StatusOK, c.labelled(req.URL.Query()))
	case strings.HasSuffix(path, "/update"):
		i := c.find(strings.TrimSuffix(path[1:], "/update"))
		if i < 0 {
			return c.refuse(http.StatusNotFound, "no such config")
		}
		if req.URL.Query().Get("version") != c.all[i].Version.String() {
			return c.refuse(http.StatusInternalServerError, "update out of sequence")
		}
		var spec swarm.ConfigSpec
		if err := json.NewDecoder(req.Body).Decode(&spec); err != nil {
			return nil, err
		}
		c.version++
		c.all[i].Spec.Labels, c.all[i].Version.Index, c.all[i].UpdatedAt = spec.Labels, c.version, now
		return c.answer(http.StatusOK, nil)
	}
	i := c.find(path[1:])
	switch {
	case i < 0:
		return c.refuse(http.StatusNotFound, "no such config")
	case req.Method == http.MethodDelete:
		c.all = append(c.all[:i:i], c.all[i+1:]...)
		return c.answer(http.StatusNoContent, nil)
	}
	return c.answer(http.StatusOK, c.all[i])
}

func (c *configs) find(name string) int {
	for i, one := range c.all {
		if one.ID == name || one.Spec.Name == name {
			return i
		}
	}
	return -1
}

func (c *configs) labelled(query url.Values) []swarm.Config {
	var filters map[string]map[string]bool
	_ = json.Unmarshal([]byte(query.Get("filters")), &filters)
	out := []swarm.Config{}
	for _, one := range c.all {
		for label := range filters["label"] {
			key, value, _ := strings.Cut(label, "=")
			if one.Spec.Labels[key] == value {
				out = append(out, one)
			}
		}
	}
	return out
}

func (c *configs) names() (names []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.all {
		names = append(names, one.Spec.Name)
	}
	return names
}

func (c *configs) store(t *testing.T) *SwarmStore {
	return NewSwarm(enginetest.Fake(c.RoundTrip).Engine(t))
}

// TestSwarmLock: one holder at a time, whoever asks; a dead one's lock is taken over, and never that of one who may live,
// whatever a manager's clock says within clocksDiffer.
func TestSwarmLock(t *testing.T) {
	for name, test := range map[string]struct {
		ahead time.Duration // of the leader's clock
		after time.Duration // since the holder died
		taken bool
	}{
		"lives":                       {0, 0, false},
		"died a moment ago":           {0, leaseLength - time.Second, false},
		"died, and clocks may differ": {0, leaseLength + clocksDiffer - time.Second, false},
		"died":                        {0, leaseLength + clocksDiffer + time.Second, true},
		"the leader is behind":        {-clocksDiffer + time.Second, leaseLength - 2*time.Second, false},
		"the leader is ahead":         {clocksDiffer, leaseLength + clocksDiffer + time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &configs{ahead: test.ahead}
				first, err := c.store(t).Lock(t.Context(), "shop", elsewhere())
				if err != nil {
					t.Fatal(err)
				}
				first.(*lease).stop() // it is killed
				first.(*lease).done.Wait()
				time.Sleep(test.after)
				second, err := c.store(t).Lock(t.Context(), "shop", elsewhere())
				var locked *model.LockedError
				if taken := err == nil; taken != test.taken || !taken && (!errors.As(err, &locked) || locked.Holder.Host != "runner-7") {
					t.Fatalf("taken %t: %v", taken, err)
				}
				holder, err := c.store(t).Holder(t.Context(), "shop")
				if err != nil || holder == nil {
					t.Errorf("holder %v, %v", holder, err)
				}
				if second != nil {
					_ = second.Release(t.Context())
				}
			})
		})
	}
}

// TestSwarmLeaseIsRenewed: a lock that is held stays held, and is free at once when it is given back.
func TestSwarmLeaseIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &configs{}
		held, err := c.store(t).Lock(t.Context(), "shop", elsewhere())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		select {
		case <-held.Lost():
			t.Error("the lock was lost")
		default:
		}
		if _, err := c.store(t).Lock(t.Context(), "shop", elsewhere()); !model.Is[*model.LockedError](err) {
			t.Errorf("a second holder: %v", err)
		}
		if err := held.Release(t.Context()); err != nil || len(c.names()) != 0 {
			t.Errorf("%v, %v is left", err, c.names())
		}
	})
}

// TestSwarmLeaseIsLost: a holder stops before anyone may take over, whether the Swarm has no leader or someone removed the
// lock, and does not touch the lock of the next holder.
func TestSwarmLeaseIsLost(t *testing.T) {
	for name, happens := range map[string]func(c *configs){
		"no leader": func(c *configs) { c.mu.Lock(); defer c.mu.Unlock(); c.fails = true },
		"removed":   func(c *configs) { c.mu.Lock(); defer c.mu.Unlock(); c.all = nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &configs{}
				held, err := c.store(t).Lock(t.Context(), "shop", elsewhere())
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(3 * time.Second)
				happens(c)
				began := time.Now()
				<-held.Lost()
				if after := time.Since(began); after >= leaseLength {
					t.Errorf("lost after %s", after)
				}
				c.mu.Lock()
				c.fails, c.all = false, nil
				c.mu.Unlock()
				next, err := c.store(t).Lock(t.Context(), "shop", elsewhere())
				if err != nil {
					t.Fatal(err)
				}
				_ = held.Release(t.Context())
				if len(c.names()) != 1 {
					t.Error("the release of the lost lock took the next holder's")
				}
				_ = next.Release(t.Context())
			})
		})
	}
}

// TestSwarmJournal: what was written last is what is read, whatever a killed writer left, and no other version stays.
func TestSwarmJournal(t *testing.T) {
	c := &configs{}
	if j, err := c.store(t).Read(t.Context(), "shop"); err != nil || j.Version != model.JournalVersion || j.Current != nil {
		t.Errorf("before the first: %+v, %v", j, err)
	}
	for n := 1; n <= 12; n++ {
		j := model.Journal{Version: model.JournalVersion, Current: &model.Entry{Release: fmt.Sprint("r", n)}}
		if err := c.store(t).Write(t.Context(), "shop", j); err != nil {
			t.Fatal(err)
		}
		if n == 10 { // a writer that was killed before it removed the version before
			old := c.all[0]
			old.ID, old.Spec.Name, old.Spec.Labels = "old", "bluegate-journal-shop.9", map[string]string{"bluegate.journal": "shop", "bluegate.version": "9"}
			c.all = append(c.all, old)
		}
		if got, err := c.store(t).Read(t.Context(), "shop"); err != nil || got.Current.Release != j.Current.Release {
			t.Errorf("after %d: %+v, %v", n, got.Current, err)
		}
	}
	if got := strings.Join(c.names(), " "); got != "bluegate-journal-shop.12" {
		t.Errorf("what is left: %s", got)
	}
	if j, err := c.store(t).Read(t.Context(), "other"); err != nil || j.Current != nil {
		t.Errorf("another project's: %+v, %v", j, err)
	}
	c.all[0].Spec.Data = []byte("{")
	if _, err := c.store(t).Read(t.Context(), "shop"); !model.Is[*model.ManualActionError](err) {
		t.Errorf("a damaged journal: %v", err)
	}
	c.fails = true
	if err := c.store(t).Write(t.Context(), "shop", model.Journal{}); !model.Is[*model.UnreachableError](err) {
		t.Errorf("without a leader: %v", err)
	}
	if _, err := c.store(t).Lock(t.Context(), "shop", elsewhere()); !model.Is[*model.UnreachableError](err) {
		t.Errorf("without a leader: %v", err)
	}
}

// TestSwarmHistory keeps what fits into a config object, the newest.
func TestSwarmHistory(t *testing.T) {
	c := &configs{}
	for n := range 5 {
		rec := model.HistoryRecord{Release: fmt.Sprint("r", n), Message: strings.Repeat("x", 200<<10)}
		if err := c.store(t).Remember(t.Context(), "shop", rec); err != nil {
			t.Fatal(err)
		}
	}
	records, err := c.store(t).History(t.Context(), "shop")
	if err != nil || len(records) == 0 || len(records) > 2 || records[0].Release != "r4" {
		t.Errorf("%d records, %v", len(records), err)
	}
	if size := len(c.all[0].Spec.Data); size > largestObject || len(c.all) != 1 {
		t.Errorf("%d objects, %d bytes", len(c.all), size)
	}
}

func TestLockObject(t *testing.T) {
	for _, name := range []string{"shop", strings.Repeat("a", 63), "nginx-0123456789ab", "with space"} {
		if got := lockObject(name); len(got) > 64 || strings.Contains(got, " ") {
			t.Errorf("%s: %s", name, got)
		}
	}
	if lockObject(strings.Repeat("a", 63)) == lockObject(strings.Repeat("a", 62)+"b") {
		t.Error("two names have one object")
	}
}
