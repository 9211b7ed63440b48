package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bluegate/testdata/sample"
	"bluegate/testdata/stand"
)

// lab is set where the Swarm of three nodes is that testdata/engine/swarm.sh makes.
var lab = os.Getenv("BLUEGATE_SWARM_NODE1") != ""

// onSwarm are the tests that a Swarm of its own gets, one after the other: some of them switch nodes off.
var onSwarm = []struct {
	name string
	play func(*testing.T)
}{
	{"looking changes nothing", func(t *testing.T) { lookingChangesNothing(openSwarm(t, stand.Options{})) }},
	{"simulated Swarm", simulatedAnswersAlike},
	{"host ports", portsOfANode},
	{"credentials", credentials},
	{"settle is where nginx is", settleIsWhereNginxIs},
	{"two managers at once", twoManagersAtOnce},
	{"node drained in the gate", nodeDrainedInTheGate},
	{"node cut in the gate", nodeCutInTheGate},
	{"leadership lost at the switch", leadershipLostAtTheSwitch},
	{"node killed in the gate", nodeKilledInTheGate},
	{"moved tag", movedTag},
	{"turns unhealthy", turnsUnhealthy},
	{"turns unhealthy in the gate", turnsUnhealthyInTheGate},
	{"killed at its calls", killedAtItsCalls},
	{"node killed at the switch", nodeKilledAtTheSwitch},
	{"leader lost", leaderLost},
	{"quorum lost", quorumLost},
}

// The scenarios of every engine on a Swarm of three nodes, then what only a Swarm has. Outside a Swarm the test makes one
// for itself and runs there.
func TestSwarm(t *testing.T) {
	if !lab {
		sample.Named(t, "e2e-swarm")
		inLab(t, 3)
		return
	}
	t.Run("scenarios", func(t *testing.T) {
		for _, sc := range scenarios {
			t.Run(sc.name, func(t *testing.T) {
				t.Parallel()
				sc.play(openSwarm(t, stand.Options{}))
			})
		}
	})
	for _, test := range onSwarm {
		t.Run(test.name, test.play)
	}
}

// inLab runs this test once more, next to three nodes, of which so many are managers; 0: there is no Swarm yet.
func inLab(t *testing.T, managers int) {
	t.Helper()
	script, err := filepath.Abs(filepath.Join(root, "testdata", "engine", "swarm.sh"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(script, os.Args[0], "-test.v", "-test.timeout=0", "-test.parallel=3", "-test.run", "^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "BLUEGATE_TEST_BINARY="+bluegate, fmt.Sprintf("BLUEGATE_SWARM_MANAGERS=%d", managers))
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("on the Swarm: %v", err)
	}
}

// newSwarm is newShop on the Swarm.
func newSwarm(t *testing.T, o stand.Options) *shop {
	t.Helper()
	return newShopOn(t, o, func(o stand.Options) (*stand.Stand, error) { return stand.NewSwarm(bluegate, o) })
}

// openSwarm is openShop on the Swarm.
func openSwarm(t *testing.T, o stand.Options) *shop {
	t.Helper()
	return newSwarm(t, o).opened()
}

// onNode runs the docker command on a node.
func onNode(t *testing.T, node int, args ...string) string {
	t.Helper()
	return docker(t, append([]string{"--host", os.Getenv(fmt.Sprintf("BLUEGATE_SWARM_NODE%d", node))}, args...)...)
}

// node does to a node what happens to machines: see testdata/engine/swarm-node.sh.
func node(t *testing.T, does string, n int) {
	t.Helper()
	out, err := exec.Command(filepath.Join(root, "testdata", "engine", "swarm-node.sh"), does, fmt.Sprint(n)).CombinedOutput()
	if err != nil {
		t.Fatalf("%s node %d: %v\n%s", does, n, err, out)
	}
}

// tasks lists the containers of the shop's tasks that run, on all nodes.
func (s *shop) tasks() (names []string) {
	s.t.Helper()
	for n := range 3 {
		out := onNode(s.t, n+1, "ps", "--filter", "label=com.docker.swarm.task.id", "--filter", "name="+s.Name, "--format", "{{.Names}}")
		names = append(names, strings.Fields(out)...)
	}
	slices.Sort(names)
	return names
}

// objects is all that a Swarm has of a shop, except for the times of its tasks; empty on Compose.
func (s *shop) objects() string {
	s.t.Helper()
	if !s.Swarm {
		return ""
	}
	var rows []string
	for _, kind := range []string{"service", "config", "secret", "network"} {
		out := docker(s.t, kind, "ls", "--format", "{{.ID}} {{.Name}}", "--filter", "name="+s.Name)
		rows = append(rows, strings.Split(out, "\n")...)
	}
	for _, colour := range []string{"blue", "green"} {
		out, err := stand.Docker("stack", "ps", "--no-trunc", "--format", "{{.ID}} {{.Name}} {{.Node}} {{.DesiredState}}", s.Stack(colour))
		if err != nil && !strings.Contains(err.Error(), "nothing found in stack") {
			s.t.Fatal(err)
		}
		rows = append(rows, strings.Split(out, "\n")...)
	}
	slices.Sort(rows)
	return strings.Join(rows, "\n")
}

// noLock wants no lock of the shop in the Swarm.
func (s *shop) noLock() {
	s.t.Helper()
	for name := range strings.FieldsSeq(docker(s.t, "config", "ls", "--format", "{{.Name}}")) {
		if strings.HasPrefix(name, "bluegate-lock-") && strings.Contains(name, s.Name) {
			s.t.Errorf("the lock %s is left", name)
		}
	}
}
