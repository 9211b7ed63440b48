package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/testdata/pace"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// bad is a release that must not get users.
type bad struct {
	name    string
	faults  []string // baked into the image
	edit    func(string) string
	code    model.Code
	says    string        // in the reason's message
	within  time.Duration // a decision that can fall at once does not wait for the healthcheck's budget
	replace map[string]string
	config  string
}

// slowProbe makes the healthchecks so patient that nothing but the fault itself can decide in time.
func slowProbe(text string) string {
	return strings.NewReplacer("retries: 3", "retries: 60", "start_period: 5s", "start_period: 60s").Replace(text)
}

func replacing(pairs ...string) func(string) string { return strings.NewReplacer(pairs...).Replace }

// patient is a window in which every fault that takes its time shows itself.
const patient = "gate: {stable: 10s}\n"

var releases = []bad{
	{name: "never healthy", faults: []string{"NEVER_HEALTHY=1"}, code: model.Unhealthy, says: "cannot reach the database"},
	{name: "crash at start", faults: []string{"CRASH_AFTER=0s"}, edit: func(s string) string { return replacing("restart: unless-stopped", "restart: \"no\"")(slowProbe(s)) }, code: model.Exited, says: "3", within: time.Minute},
	{name: "crash loop", faults: []string{"CRASH_AFTER=1500ms"}, edit: func(s string) string { return replacing("restart: unless-stopped", "restart: always")(slowProbe(s)) }, code: model.Restarting, says: "restart", within: time.Minute, config: patient},
	{name: "flapping", faults: []string{"FLAP=1500ms"}, code: model.Flapping, config: patient},
	{name: "exit 0", faults: []string{"CRASH_AFTER=2s", "EXIT_CODE=0"}, edit: func(s string) string { return replacing("restart: unless-stopped", "restart: \"no\"")(slowProbe(s)) }, code: model.Exited, says: "0", within: time.Minute, config: patient},
	{name: "oom", faults: []string{"OOM_AFTER=1s"}, edit: func(s string) string {
		return replacing("restart: unless-stopped", "restart: \"no\"\n    mem_limit: 48m\n    memswap_limit: 48m")(slowProbe(s))
	}, code: model.OOMKilled, within: time.Minute, config: patient},
	{name: "one of two", edit: func(s string) string {
		return strings.Replace(s, `PORT: "3003"`, `PORT: "3003", NEVER_HEALTHY: "1"`, 1)
	}, code: model.Unhealthy},
	{name: "no healthcheck", edit: func(s string) string {
		at := strings.Index(s, "    healthcheck:")
		end := at + strings.Index(s[at:], "    restart:")
		return s[:at] + "    healthcheck: {disable: true}\n" + s[end:]
	}, code: model.NoHealthcheck, says: "healthcheck", within: 30 * time.Second},
	{name: "probe binary missing", edit: replacing(`"/healthcheck"`, `"/usr/bin/curl"`), code: model.Unhealthy, says: "/usr/bin/curl"},
	{name: "probe hangs", faults: []string{"HANG=1"}, edit: replacing("timeout: 2s", "timeout: 500ms"), code: model.Unhealthy, says: "500ms"},
	{name: "image cannot be pulled", replace: map[string]string{"VERSION": "no-such-version"}, code: model.PullFailed, says: "no-such-version", within: 2 * time.Minute},
	{name: "listens on loopback only", faults: []string{"LISTEN=127.0.0.1"}, code: model.NotReachable, says: "connection refused"},
	{name: "paused", code: model.Paused},
}

// Each bad release is refused with its reason and evidence, as early as it can be decided; users lose nothing, and
// nothing of it stays, while what is not bluegate's own does.
func TestBadReleases(t *testing.T) {
	t.Parallel()
	bystander := newBystander(t)
	slots := make(chan struct{}, 4)
	t.Run("group", func(t *testing.T) {
		for _, b := range sample.Rows(t, releases, 7) {
			t.Run(b.name, func(t *testing.T) {
				t.Parallel()
				slots <- struct{}{}
				defer func() { <-slots }()
				refuses(t, b)
			})
		}
	})
	bystander.stillThere(t)
}

func refuses(t *testing.T, b bad) {
	tag := "v2"
	if len(b.faults) > 0 {
		tag = strings.ReplaceAll(b.name, " ", "-")
		if err := stand.Tag(root, tag, b.faults...); err != nil {
			t.Fatal(err)
		}
	}
	s := openShop(t, stand.Options{Edit: func(colour, text string) string {
		if colour == "green" && b.edit != nil {
			return b.edit(text)
		}
		return text
	}})
	if b.config != "" {
		s.config(b.config)
	}
	confBefore, liveBefore := s.conf(), s.containers()
	ids := inspect(t, s.Name+"-was-blue-1", "{{.Id}} {{.State.StartedAt}}")
	stop := s.load(load.Options{Kinds: []load.Kind{load.NoKeepAlive, load.KeepAlive, load.KeepAlivePost}, Rate: 60})

	env := []string{"VERSION=" + tag}
	for k, v := range b.replace {
		env = []string{k + "=" + v}
	}
	if b.name == "paused" {
		go s.pauseWhenStarted("was-green")
	}
	began := time.Now()
	r := s.deploys(3, model.Refused, env)
	took := time.Since(began)

	reason := r.Report.Reasons[0]
	if !slices.ContainsFunc(r.Report.Reasons, func(x model.Reason) bool { return x.Code == b.code }) {
		t.Errorf("reasons are %v, want %s", r.Report.Reasons, b.code)
	}
	if !strings.Contains(reason.Message+reason.LastProbe, b.says) {
		t.Errorf("the reason does not say %q: %s", b.says, reason)
	}
	if b.within > 0 && took > pace.Limit(b.within) {
		t.Errorf("decided after %s; it could have been known at once", took)
	}
	if len(b.faults) > 0 && b.code != model.NotReachable && len(reason.LogTail) == 0 {
		t.Errorf("no log tail in the evidence: %+v", reason)
	}
	record := stop()
	nothingLost(t, record, load.NoKeepAlive, load.KeepAlive, load.KeepAlivePost)
	colours(t, record, "blue")
	if got := s.conf(); got != confBefore {
		t.Errorf("the configuration changed:\n%s", got)
	}
	if got := s.containers(); !slices.Equal(got, liveBefore) {
		t.Errorf("containers that run: %v, before: %v", got, liveBefore)
	}
	if got := inspect(t, s.Name+"-was-blue-1", "{{.Id}} {{.State.StartedAt}}"); got != ids {
		t.Errorf("the live colour was touched: %s, before: %s", got, ids)
	}
	if left := docker(t, "ps", "-aq", "--filter", "label=bluegate.release="+r.Report.Release); left != "" {
		t.Errorf("containers of the failed release are left: %s", left)
	}
	t.Logf("%s after %s: %s", b.code, took.Round(100*time.Millisecond), reason)
}

func (s *shop) pauseWhenStarted(service string) {
	for deadline := time.Now().Add(pace.Limit(time.Minute)); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if _, err := stand.Docker("pause", fmt.Sprintf("%s-%s-1", s.Name, service)); err == nil {
			return
		}
	}
	s.t.Errorf("no container of %s was started", service)
}

// bystander is what must survive: a container whose name contains a colour, and an image that nothing uses.
type bystander struct{ container, image string }

func newBystander(t *testing.T) bystander {
	s := newShop(t, stand.Options{}) // for a name of its own, and its clean-up
	b := bystander{container: s.Name + "-evergreen-db", image: "bluegate-bystander:" + s.Name}
	docker(t, "run", "-d", "--name", b.container, "--network", s.Name, "--label", "com.docker.compose.project="+s.Name, "bluegate-shop:v1")
	docker(t, "tag", "bluegate-shop:v1", b.image)
	t.Cleanup(func() { docker(t, "rmi", b.image) })
	return b
}

func (b bystander) stillThere(t *testing.T) {
	t.Helper()
	if got := inspect(t, b.container, "{{.State.Running}}"); got != "true" {
		t.Errorf("the bystander %s runs: %s", b.container, got)
	}
	docker(t, "image", "inspect", b.image)
}
