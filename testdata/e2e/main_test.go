// Package e2e deploys the demo shop with the built binary, on a real engine and behind a real nginx, and takes its
// evidence from the clients' own records and from the docker command, never from what bluegate says of itself.
package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
	"bluegate/testdata/oracle"
	"bluegate/testdata/pace"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

const root = "../.."

// quick makes the gate decide soon; what is measured with the default says so.
const quick = "gate: {stable: 500ms}\n"

var (
	bluegate string
	schema   *jsonschema.Schema
)

func TestMain(m *testing.M) {
	code, err := prepare(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func prepare(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "bluegate-e2e-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	if err := stand.Prepare(root, "bookworm", "sid"); err != nil {
		return 1, err
	}
	if bluegate = os.Getenv("BLUEGATE_TEST_BINARY"); bluegate == "" {
		if bluegate, err = stand.Build(root, dir); err != nil {
			return 1, err
		}
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if schema, err = c.Compile(filepath.Join(root, "cmd", "bluegate", "ui", "report.schema.json")); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// shop is a stand with the test's own voice.
type shop struct {
	*stand.Stand
	t     *testing.T
	words *strings.Replacer // of a layout: names and ports of its own for those in its files
	// disturbed says that the test itself restarts what runs while a command is under way.
	disturbed bool
}

// newShop sets a shop up with nothing running.
func newShop(t *testing.T, o stand.Options) *shop {
	t.Helper()
	o.Edit = patientProbes(o.Edit)
	return newShopOn(t, o, func(o stand.Options) (*stand.Stand, error) { return stand.New(root, bluegate, o) })
}

// newShopOn is newShop on the engine of a stand.
func newShopOn(t *testing.T, o stand.Options, on func(stand.Options) (*stand.Stand, error)) *shop {
	t.Helper()
	pace.Guard(t, 15*time.Minute)
	if o.Config == "" {
		o.Config = quick
	}
	s, err := on(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("containers at the end:\n%s", docker(t, "ps", "-a", "--filter", "name="+s.Name, "--format", "{{.Names}}\t{{.Status}}\t{{.Image}}"))
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &shop{Stand: s, t: t}
}

// patientProbes lets the shop's probes take long, except for those of which a test itself says how long they may take: where the
// machine is busy, what is late is not bad.
func patientProbes(edit func(colour, text string) string) func(colour, text string) string {
	return func(colour, text string) string {
		if edit != nil {
			text = edit(colour, text)
		}
		return strings.ReplaceAll(text, "timeout: 2s", "timeout: 30s")
	}
}

// openShop has blue live behind nginx, in version v1.
func openShop(t *testing.T, o stand.Options) *shop {
	t.Helper()
	return newShop(t, o).opened()
}

// opened has blue live behind nginx, in version v1.
func (s *shop) opened() *shop {
	s.t.Helper()
	s.deploys(0, model.Started, nil, "blue")
	if err := s.StartNginx(); err != nil {
		s.t.Fatal(err)
	}
	return s
}

// run calls bluegate with --format json and holds its report against the schema.
func (s *shop) run(env []string, args ...string) stand.Result {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), pace.Limit(5*time.Minute))
	defer cancel()
	before := s.look()
	r, err := s.Run(ctx, env, append(args, "--format", "json")...)
	if err != nil {
		s.t.Fatalf("bluegate %v: %v\n%s\n%s", args, err, r.Stdout, r.Stderr)
	}
	valid(s.t, r.Stdout)
	if r.Report.ExitCode != r.Code {
		s.t.Errorf("bluegate %v: exit code %d, but the report says %d", args, r.Code, r.Report.ExitCode)
	}
	s.holds(before, fmt.Sprintf("after bluegate %v, exit code %d", args, r.Code))
	return r
}

// look is what the oracle sees at this moment.
func (s *shop) look() oracle.State {
	s.t.Helper()
	state, err := oracle.Look(context.Background(), oracle.Setup{Project: s.Name, URL: s.URL, Limit: pace.Limit(2 * time.Minute)})
	if err != nil {
		s.t.Fatalf("the oracle cannot look: %v", err)
	}
	return state
}

// holds fails the test where the oracle says that a command did what no command may do.
func (s *shop) holds(before oracle.State, when string) {
	s.t.Helper()
	if s.disturbed {
		return
	}
	for _, broken := range oracle.Compare(before, s.look()) {
		s.t.Errorf("%s: %s", when, broken)
	}
}

// deploys calls `bluegate deploy` and wants an exit code and an outcome.
func (s *shop) deploys(code int, outcome model.Outcome, env []string, args ...string) stand.Result {
	s.t.Helper()
	r := s.run(env, append([]string{"deploy"}, args...)...)
	if r.Code != code || r.Report.Outcome != outcome {
		s.t.Fatalf("bluegate deploy %v ended with %d %s, want %d %s\n%s\n%s", args, r.Code, r.Report.Outcome, code, outcome, r.Stdout, r.Stderr)
	}
	return r
}

func valid(t *testing.T, text string) {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("stdout is not one JSON object: %v\n%s", err, text)
	}
	if err := schema.Validate(v); err != nil {
		t.Errorf("the report does not match its schema: %v\n%s", err, text)
	}
}

// load sends requests until the returned function is called.
func (s *shop) load(o load.Options) (stop func() load.Record) {
	s.t.Helper()
	client, err := s.Load(context.Background(), o)
	if err != nil {
		s.t.Fatal(err)
	}
	var record *load.Record
	stop = func() load.Record {
		if record == nil {
			r := client.Stop()
			record = &r
		}
		return *record
	}
	s.t.Cleanup(func() { stop() })
	return stop
}

// nothingLost wants no failed request of the kinds, and enough requests to mean something.
func nothingLost(t *testing.T, r load.Record, kinds ...load.Kind) {
	t.Helper()
	for _, k := range kinds {
		if c := r.Counts[k]; c.Failed > 0 || c.Requests == 0 {
			t.Errorf("%s: %d of %d requests lost\n%s", k, c.Failed, c.Requests, r)
		}
	}
}

// busy is how long a reload may mix both colours while other tests use the same machine: a worker that is told to quit has
// to get its turn. TestSwitchesInARow compares the usual case with what nginx itself needs.
func busy() time.Duration { return pace.Limit(2 * time.Second) }

// colours wants these colours, each change within one window.
func colours(t *testing.T, r load.Record, want ...string) {
	t.Helper()
	if got := slices.Compact(r.Colours()); !slices.Equal(got, want) {
		t.Errorf("the clients saw %v, want %v\n%s", got, want, r)
	}
	changes := r.Changes()
	for i, c := range changes {
		w := c.Window()
		if c.From == c.To { // some answers of the other colour, shortly before or after the change that they belong to
			w = busy() + 1
			if i > 0 {
				w = min(w, c.Last.Sub(changes[i-1].First))
			}
			if i+1 < len(changes) {
				w = min(w, changes[i+1].Last.Sub(c.First))
			}
		}
		if w > busy() {
			t.Errorf("both colours answered new connections for %s (%s)", w, c)
		}
	}
}

// usualWindow wants half of the changes to be as short as a reload of nginx is.
func usualWindow(t *testing.T, r load.Record) {
	t.Helper()
	var windows []time.Duration
	for _, c := range r.Changes() {
		windows = append(windows, c.Window())
	}
	slices.Sort(windows)
	if n := len(windows); n == 0 || windows[n/2] > pace.Limit(load.Settle) {
		t.Errorf("both colours answered new connections for %v", windows)
	}
}

func docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := stand.Docker(args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func inspect(t *testing.T, name, format string) string {
	t.Helper()
	return docker(t, "inspect", "-f", format, name)
}

// containers lists the names of the project's containers that run.
func (s *shop) containers() []string {
	s.t.Helper()
	if s.Swarm {
		return s.tasks()
	}
	out := docker(s.t, "ps", "--filter", "label=com.docker.compose.project="+s.Name, "--format", "{{.Names}}")
	names := strings.Fields(out)
	slices.Sort(names)
	return names
}

// config replaces bluegate.yml, except for what a shop on a Swarm needs there.
func (s *shop) config(text string) {
	s.t.Helper()
	if s.Swarm {
		text = s.SwarmConfig(text)
	}
	if err := os.WriteFile(filepath.Join(s.Dir, "bluegate.yml"), []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) conf() string {
	s.t.Helper()
	text, err := os.ReadFile(s.Conf)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// picture is all that a command that only looks must leave as it is.
func (s *shop) picture() string {
	s.t.Helper()
	workers, err := s.Workers()
	if err != nil {
		s.t.Fatal(err)
	}
	info, err := os.Stat(s.Conf)
	if err != nil {
		s.t.Fatal(err)
	}
	images := strings.Split(docker(s.t, "images", "--no-trunc", "--format", "{{.ID}} {{.Repository}}:{{.Tag}}", "--filter", "reference=bluegate-shop:v?", "--filter", "reference=bluegate-vessel", "--filter", "reference=bluegate-nginx"), "\n")
	slices.Sort(images) // the engine lists those of one second in any order
	return strings.Join([]string{
		docker(s.t, "ps", "-a", "--no-trunc", "--filter", "name="+s.Name, "--format", "{{.ID}} {{.Names}} {{.Image}} {{.State}}"),
		strings.Join(images, "\n"),
		docker(s.t, "network", "ls", "--filter", "name="+s.Name, "--format", "{{.ID}} {{.Name}}"),
		docker(s.t, "volume", "ls", "--filter", "label=com.docker.compose.project="+s.Name, "--format", "{{.Name}}"),
		strings.Join(workers, " "), info.ModTime().String(), s.conf(), s.objects(),
	}, "\n")
}

// seconds of a step of the report.
func step(r stand.Result, name string) (report.Step, bool) {
	i := slices.IndexFunc(r.Report.Steps, func(s report.Step) bool { return s.Name == name })
	if i < 0 {
		return report.Step{}, false
	}
	return r.Report.Steps[i], true
}
