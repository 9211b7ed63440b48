package compose

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"bluegate/compose/engine"
	"bluegate/deploy/gate"
	"bluegate/deploy/model"
	"bluegate/testdata/enginetest"
	"bluegate/testdata/pace"
)

// nothingMore is what is done between the creation and the start of a release.
func nothingMore(context.Context) error { return nil }

// up starts a release of blue and returns its containers.
func (b *bench) up(s *Stack, app model.Application, release string) []model.Container {
	b.T.Helper()
	if err := s.Up(b.T.Context(), app.Models[model.Blue], release, nothingMore); err != nil {
		b.T.Fatal(err)
	}
	return b.containers(s, app)
}

func (b *bench) containers(s *Stack, app model.Application) []model.Container {
	b.T.Helper()
	all, err := s.Containers(b.T.Context(), app)
	if err != nil {
		b.T.Fatal(err)
	}
	return all
}

func namesOf(all []model.Container) string {
	var out []string
	for _, c := range all {
		out = append(out, strings.Join([]string{string(c.Colour), c.Service, c.Name, c.Release}, " "))
	}
	return strings.Join(out, "\n")
}

// project runs any container of the test's project, as Compose would have made it.
func (b *bench) ofProject(service string, more ...string) string {
	b.T.Helper()
	labels := map[string]string{"com.docker.compose.project": b.ID, "com.docker.compose.service": service, "com.docker.compose.oneoff": "False", "com.docker.compose.container-number": "1"}
	for _, l := range more {
		k, v, _ := strings.Cut(l, "=")
		labels[k] = v
	}
	return b.Run(container.Config{Labels: labels}, container.HostConfig{})
}

func TestUpMakesFreshContainersOfTheColourOnly(t *testing.T) {
	b := newBench(t)
	s, app := b.stack(map[string]string{"compose.yml": "services:\n" + shopService("was-blue", "PORT=3000") +
		"    depends_on: {signal-blue: {condition: service_healthy}, db: {condition: service_started}, migrate: {condition: service_completed_successfully}}\n" +
		shopService("signal-blue") + shopService("was-green") + shopService("db") + shopService("other") +
		shopService("migrate", "CRASH_AFTER=0s", "EXIT_CODE=0")})
	first := b.up(s, app, "r1")
	want := fmt.Sprintf("blue migrate %[1]s-migrate-1 r1\nblue signal-blue %[1]s-signal-blue-1 r1\nblue was-blue %[1]s-was-blue-1 r1", b.ID)
	if got := namesOf(first); got != want {
		t.Fatalf("got\n%s\nwant\n%s", got, want)
	}
	state := func() map[string]string {
		rows, err := b.Engine.ContainerList(t.Context(), container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", "com.docker.compose.project="+b.ID))})
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, row := range rows {
			info := b.Inspect(row.ID)
			out[row.Labels["com.docker.compose.service"]] = row.ID + " " + info.State.StartedAt
		}
		return out
	}
	before := state()
	if len(before) != 4 || before["other"] != "" || before["was-green"] != "" {
		t.Fatalf("what is there: %v", before)
	}
	second := b.up(s, app, "r2")
	if got := namesOf(second); got != strings.ReplaceAll(want, "r1", "r2") {
		t.Errorf("got\n%s", got)
	}
	after := state()
	for service, same := range map[string]bool{"db": true, "migrate": false, "was-blue": false, "signal-blue": false} {
		if (before[service] == after[service]) != same {
			t.Errorf("%s was %s, is %s", service, before[service], after[service])
		}
	}
}

// Compose returns nil from a wait that was cancelled.
func TestUpThatIsCancelled(t *testing.T) {
	b := newBench(t)
	s, app := b.stack(map[string]string{"compose.yml": "services:\n" + shopService("was-blue") + "    depends_on: {slow-blue: {condition: service_healthy}}\n" +
		shopService("slow-blue", "NEVER_HEALTHY=1") + "    stop_grace_period: 1s\n" + shopService("was-green")})
	// It would never become healthy, nor unhealthy for a long time.
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Up(ctx, app.Models[model.Blue], "r1", nothingMore) }()
	b.Eventually("the dependency runs", func() error {
		for _, c := range b.containers(s, app) {
			if c.Service == "slow-blue" && c.Running {
				return nil
			}
		}
		return errors.New("not yet")
	})
	cancel()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("a cancelled Up ended well")
		}
	case <-time.After(pace.Limit(time.Minute)):
		t.Fatal("a cancelled Up continues")
	}
	// When it has ended, everything that it creates exists.
	if got := b.containers(s, app); len(got) != 2 {
		t.Errorf("there are\n%s", namesOf(got))
	}
}

func TestUpThatFails(t *testing.T) {
	b := newBench(t)
	s, app := b.stack(map[string]string{"compose.yml": "services:\n" + shopService("was-blue") + "    entrypoint: [/no/such/program]\n" + shopService("was-green")})
	err := s.Up(t.Context(), app.Models[model.Blue], "r1", nothingMore)
	var silent *model.UnreachableError
	if err == nil || errors.As(err, &silent) || !strings.Contains(err.Error(), "/no/such/program") {
		t.Errorf("got %v", err)
	}
	s, app = b.stack(map[string]string{"compose.yml": "services:\n  was-blue: {image: \"registry.invalid/" + b.ID + ":1\"}\n" + shopService("was-green")})
	if err := s.Up(t.Context(), app.Models[model.Blue], "r1", nothingMore); err == nil || errors.As(err, &silent) || !strings.Contains(err.Error(), "registry.invalid") {
		t.Errorf("without its image: %v", err)
	}
}

func TestContainers(t *testing.T) {
	b := newBench(t)
	s, app := b.stack(map[string]string{"compose.yml": "services:\n" + shopService("was-blue") + "    restart: always\n    scale: 2\n" +
		strings.Replace(shopService("bad-blue", "NEVER_HEALTHY=1"), "retries: 3", "retries: 3, start_period: 1ms", 1) + shopService("was-green")}) // the image's is 20 s
	if got := b.containers(s, app); len(got) > 0 {
		t.Fatalf("before the first: %s", namesOf(got))
	}
	b.up(s, app, "r1")
	b.ofProject("was-blue", "com.docker.compose.oneoff=True") // docker compose run
	b.ofProject("db")
	b.ofProject("was-blue-exporter")
	b.ofProject("was-green")
	var all []model.Container
	b.Eventually("one is healthy and one is not", func() error {
		all = b.containers(s, app)
		if len(all) != 4 || all[0].Health != "unhealthy" || all[1].Health != "healthy" || all[2].Health != "healthy" {
			return fmt.Errorf("%s", namesOf(all))
		}
		return nil
	})
	bad, good, green := all[0], all[1], all[3]
	if bad.LastProbe == "" || !strings.Contains(bad.LastProbe, "cannot reach the database") || bad.Sample.FailingStreak < 3 || bad.Sample.Health != gate.HealthUnhealthy {
		t.Errorf("the bad one: %+v", bad)
	}
	if good.RestartPol != "always" || !good.Running || good.State != "running" || good.Image != enginetest.ShopImage || good.Digest != b.ImageID(enginetest.ShopImage) || good.Restarts != 0 || len(good.Addresses) != 1 || good.LastProbe != "" {
		t.Errorf("a good one: %+v", good)
	}
	if good.Sample.LastProbe == nil || good.Sample.StartedAt.IsZero() || time.Since(good.Sample.StartedAt) > time.Minute || !good.Sample.FinishedAt.IsZero() {
		t.Errorf("its sample: %+v", good.Sample)
	}
	if green.Colour != model.Green || green.Release != "" || green.RestartPol == "always" {
		t.Errorf("green's: %+v", green)
	}
	if err := b.Engine.ContainerPause(t.Context(), good.ID); err != nil {
		t.Fatal(err)
	}
	if c := b.containers(s, app)[1]; c.Running || c.State != "paused" {
		t.Errorf("a paused one runs: %t, %s", c.Running, c.State)
	}
	if err := s.Remove(t.Context(), all); err != nil {
		t.Error(err)
	}
	if err := s.Remove(t.Context(), all); err != nil {
		t.Errorf("what is gone is not there to be removed, and that is well: %v", err)
	}
	if got := b.containers(s, app); len(got) > 0 {
		t.Errorf("after the removal: %s", namesOf(got))
	}
}

// A service that was removed from the files between two releases retires with its release.
func TestContainersOfADroppedService(t *testing.T) {
	b := newBench(t)
	s, app := b.stack(map[string]string{"compose.yml": "services:\n" + shopService("was-blue") + shopService("was-green")})
	ours := func(service, colour, application string) string {
		return b.ofProject(service, engine.ReleaseLabel+"=r0", engine.ColourLabel+"="+colour, engine.ApplicationLabel+"="+application)
	}
	dropped := ours("signal-blue", "blue", app.Project)
	ours("signal-other", "blue", "another application of this Compose project")
	b.ofProject("by-hand-blue")
	all := b.containers(s, app)
	if len(all) != 1 || all[0].ID != dropped || all[0].Colour != model.Blue {
		t.Errorf("got\n%s", namesOf(all))
	}
	b.up(s, app, "r1")
	if got := b.Inspect(b.containers(s, app)[1].ID).Config.Labels[engine.ApplicationLabel]; got != app.Project {
		t.Errorf("a release's container is labelled %q", got)
	}
}

func TestRemoveTakesAnonymousVolumesOnly(t *testing.T) {
	b := newBench(t)
	named := b.ID + "-named"
	id := b.Run(container.Config{Volumes: map[string]struct{}{"/anonymous": {}}}, container.HostConfig{Binds: []string{named + ":/named"}})
	t.Cleanup(func() { _ = b.Engine.VolumeRemove(context.Background(), named, true) })
	var anonymous string
	for _, m := range b.Inspect(id).Mounts {
		if m.Destination == "/anonymous" {
			anonymous = m.Name
		}
	}
	if err := (&Stack{engine: b.Engine}).Remove(t.Context(), []model.Container{{ID: id, Name: "x"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Engine.VolumeInspect(t.Context(), named); err != nil {
		t.Errorf("the named volume: %v", err)
	}
	if _, err := b.Engine.VolumeInspect(t.Context(), anonymous); err == nil {
		t.Errorf("the anonymous volume %s stays", anonymous)
	}
}

func TestRetire(t *testing.T) {
	b := newBench(t)
	s := &Stack{engine: b.Engine}
	grace := 2
	obeys := b.Run(container.Config{}, container.HostConfig{RestartPolicy: container.RestartPolicy{Name: "unless-stopped"}})
	ignores := b.Run(container.Config{Env: []string{"IGNORE_SIGTERM=1"}, StopTimeout: &grace}, container.HostConfig{RestartPolicy: container.RestartPolicy{Name: "always"}})
	again := b.Run(container.Config{Env: []string{"IGNORE_SIGTERM=1"}, StopTimeout: &grace}, container.HostConfig{RestartPolicy: container.RestartPolicy{Name: "on-failure", MaximumRetryCount: 3}})
	gone := model.Container{ID: strings.Repeat("0", 64), Name: "gone", RestartPol: "always"}
	var all []model.Container
	for _, id := range []string{obeys, ignores, again} {
		c, err := s.container(model.Blue, b.Inspect(id))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	began := time.Now()
	if err := s.Retire(t.Context(), append(all, gone)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 2*time.Second || took > pace.Limit(15*time.Second) {
		t.Errorf("it took %s for two graces of 2 s, side by side", took)
	}
	for _, id := range []string{obeys, ignores, again} {
		info := b.Inspect(id)
		if info.State.Running || info.HostConfig.RestartPolicy.Name != container.RestartPolicyDisabled {
			t.Errorf("running %t, restart %s", info.State.Running, info.HostConfig.RestartPolicy.Name)
		}
	}
	if code := b.Inspect(obeys).State.ExitCode; code != 0 {
		t.Errorf("what obeys SIGTERM ended with %d", code)
	}
	if code := b.Inspect(ignores).State.ExitCode; code != 137 {
		t.Errorf("what ignores SIGTERM ended with %d", code)
	}
	if err := s.Retire(t.Context(), all); err != nil {
		t.Errorf("twice: %v", err)
	}
}

func TestLogTail(t *testing.T) {
	b := newBench(t)
	s := &Stack{engine: b.Engine}
	const say = "bluegate-nginx:1.30" // it has a shell
	print := func(script string, tty bool) []string {
		t.Helper()
		id := b.Run(container.Config{Image: say, Cmd: []string{"sh", "-c", script}, Tty: tty}, container.HostConfig{})
		b.Eventually("it has spoken", func() error {
			if b.Inspect(id).State.Running {
				return errors.New("it still speaks")
			}
			return nil
		})
		lines, err := s.LogTail(t.Context(), id, 5)
		if err != nil {
			t.Fatal(err)
		}
		return lines
	}
	for name, test := range map[string]struct {
		script string
		tty    bool
		want   []string
	}{
		"few":           {`echo one; echo; echo two`, false, []string{"one", "two"}},
		"many":          {`for i in 1 2 3 4 5 6 7 8; do echo line $i; done`, false, []string{"line 4", "line 5", "line 6", "line 7", "line 8"}},
		"errors":        {`echo one >&2`, false, []string{"one"}},
		"escapes":       {`printf '\033[31mred\033[0m\rover\n\007bell\n'`, false, []string{"[31mred[0mover", "bell"}},
		"no UTF-8":      {`printf 'a\377b\n'`, false, []string{"a�b"}},
		"on a terminal": {`echo one; echo two`, true, []string{"one", "two"}},
		"nothing":       {`true`, false, nil},
	} {
		if got := print(test.script, test.tty); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	// A CI runner would obey these.
	for _, line := range print(`echo '::set-output name=x::y'; echo '  ##[error]x'; echo '##vso[task.x]'`, false) {
		if strings.HasPrefix(line, "::") || strings.HasPrefix(line, "##") {
			t.Errorf("%q is left as it was", line)
		}
	}
	// The last lines are what counts, however long the ones before them are.
	long := print(`head -c 300000 /dev/zero | tr '\0' x; echo; echo; echo last words`, false)
	size := 0
	for _, line := range long {
		size += len(line)
		if len(line) > 5<<10 {
			t.Errorf("a line has %d bytes", len(line))
		}
	}
	if len(long) == 0 || long[len(long)-1] != "last words" || size > 64<<10 {
		t.Errorf("%d lines of %d bytes, the last is %.40q", len(long), size, long[max(0, len(long)-1):])
	}
	if _, err := s.LogTail(t.Context(), strings.Repeat("0", 64), 5); err == nil {
		t.Error("the log of what is not there was read")
	}
}
