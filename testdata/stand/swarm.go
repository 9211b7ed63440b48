package stand

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"bluegate/testdata/pace"
)

// swarmServices is the Compose file of both stacks. nginx finds the tasks by the name of their service, which leads to
// each of them.
const swarmServices = `services:
  was: &service
    image: ${SHOP_IMAGE:-bluegate-shop}:${VERSION:-v1}
    environment: {SERVICE: was, COLOUR: "${COLOUR}", PORT: "3000"}
    healthcheck:
      test: ["CMD", "/healthcheck", "http://127.0.0.1:3000/health"]
      interval: 1s
      timeout: 30s
      retries: 3
      start_period: 5s
    stop_grace_period: 5s
    networks: [edge]
    deploy: {replicas: 2, endpoint_mode: dnsrr}

  signal:
    <<: *service
    environment: {SERVICE: signal, COLOUR: "${COLOUR}", PORT: "3001"}
    healthcheck:
      test: ["CMD", "/healthcheck", "http://127.0.0.1:3001/health"]
      interval: 1s
      timeout: 30s
      retries: 3
      start_period: 5s

networks:
  edge: {external: true, name: NAME}
`

// swarmConfig is the bluegate.yml of every shop on a Swarm.
const swarmConfig = `engine: swarm
project: NAME
compose: {files: [compose.yml], services: [was, signal]}
colours: {blue: {env: {COLOUR: blue}}, green: {env: {COLOUR: green}}}
nginx: {container: NAME-nginx}
`

const swarmUpstreams = "upstream was { server NAME-blue_was:3000 max_fails=0; }\nupstream signal { server NAME-blue_signal:3001 max_fails=0; }\n"

// ByAddresses is a configuration of nginx that names addresses of each service in the place of its name.
func ByAddresses(was, signal []string) string {
	servers := func(all []string) string {
		return "server " + strings.Join(all, " max_fails=0; server ") + " max_fails=0;"
	}
	return fmt.Sprintf("upstream was { %s }\nupstream signal { %s }\n", servers(was), servers(signal)) + byUpstream
}

// NewSwarm is New on the Swarm that the docker command talks to, whose node publishes on this machine: each colour is a
// stack, of one Compose file. Options.Config is appended to the bluegate.yml that every such shop has, and
// Options.Edit gets the file with an empty colour.
func NewSwarm(bluegate string, o Options) (*Stand, error) {
	s, err := named(bluegate, o)
	if err != nil {
		return nil, err
	}
	s.Swarm = true
	text := s.named(swarmServices)
	if o.Edit != nil {
		text = o.Edit("", text)
	}
	s.Conf = filepath.Join(s.Dir, "conf.d", "default.conf")
	if err := os.Mkdir(filepath.Dir(s.Conf), 0o755); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.Dir))
	}
	for name, text := range map[string]string{
		filepath.Join(s.Dir, "compose.yml"):  text,
		filepath.Join(s.Dir, "bluegate.yml"): s.SwarmConfig(o.Config),
		s.Conf:                               s.named(orElse(o.Conf, swarmUpstreams+byUpstream)),
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return nil, errors.Join(err, os.RemoveAll(s.Dir))
		}
	}
	// A subnet and a VXLAN id of its own: the Swarm gives those of a network which was removed to the next one, and a node
	// that has not removed them yet refuses it.
	subnet := fmt.Sprintf("10.%d.%d.0/24", 100+(s.port-firstPort)/256, (s.port-firstPort)%256)
	_, err = Docker("network", "create", "--driver", "overlay", "--attachable", "--subnet", subnet,
		"--opt", fmt.Sprintf("com.docker.network.driver.overlay.vxlanid_list=%d", s.port), s.Name)
	return s, err
}

// SwarmConfig is the bluegate.yml of a shop on a Swarm with more settings.
func (s *Stand) SwarmConfig(more string) string { return s.named(swarmConfig) + more }

func (s *Stand) named(text string) string { return strings.ReplaceAll(text, "NAME", s.Name) }

// Stack is the name of a colour's stack.
func (s *Stand) Stack(colour string) string { return s.Name + "-" + colour }

// closeSwarm removes both stacks and what bluegate keeps for them. Tasks end after the stack has gone, and then its
// networks can.
func (s *Stand) closeSwarm() error {
	var errs []error
	for _, colour := range []string{"blue", "green"} {
		errs = append(errs, again(func() error { // a node that comes back may cost the leader its place
			_, err := Docker("stack", "rm", "--detach=true", s.Stack(colour))
			return err
		}))
	}
	for _, kind := range []string{"config", "secret"} {
		out, err := Docker(kind, "ls", "--format", "{{.Name}}")
		errs = append(errs, err)
		for name := range strings.FieldsSeq(out) {
			if strings.HasPrefix(name, "bluegate-") && strings.Contains(name, s.Name) {
				errs = append(errs, again(func() error { return removed(Docker(kind, "rm", name)) }))
			}
		}
	}
	return errors.Join(append(errs, s.removeNetwork())...)
}

// removeNetwork repeats itself while the network still has tasks.
func (s *Stand) removeNetwork() error {
	if err := again(func() error { return removed(Docker("network", "rm", s.Name)) }); err != nil {
		return fmt.Errorf("the network of %s is still in use: %w", s.Name, err)
	}
	return nil
}

// removed takes what is not there for removed.
func removed(_ string, err error) error {
	if err != nil && strings.Contains(err.Error(), "not found") {
		return nil
	}
	return err
}

// again repeats do until it succeeds, for a minute.
func again(do func() error) (err error) {
	for deadline := time.Now().Add(pace.Limit(time.Minute)); time.Now().Before(deadline); time.Sleep(250 * time.Millisecond) {
		if err = do(); err == nil {
			return nil
		}
	}
	return err
}
