package swarm

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/cli/cli/compose/loader"
	stackfile "github.com/docker/cli/cli/compose/types"

	"bluegate/compose/load"
	"bluegate/deploy/model"
)

// config is what docker stack deploy would deploy of a colour's Compose files: its services, and what they use.
type config struct {
	*stackfile.Config
	stack    string
	oneShots map[string]bool
	inline   inline
	findings []model.Finding // what the Swarm ignores
}

// inline are the contents of secrets and configs that are in the Compose files or in the environment, by their keys. The
// stack format knows only files.
type inline struct{ secrets, configs map[string]string }

// inlineOf reads them as Compose does.
func inlineOf(p *types.Project) inline {
	out := inline{secrets: map[string]string{}, configs: map[string]string{}}
	add := func(to map[string]string, key string, f types.FileObjectConfig) {
		switch {
		case f.Content != "":
			to[key] = f.Content
		case f.Environment != "":
			to[key] = p.Environment[f.Environment]
		}
	}
	for key, secret := range p.Secrets {
		add(out.secrets, key, types.FileObjectConfig(secret))
	}
	for key, one := range p.Configs {
		add(out.configs, key, types.FileObjectConfig(one))
	}
	return out
}

// elsewhere replaces what the stack format does not know with the name of an object that is made separately.
func elsewhere(dict map[string]any, section string, contents map[string]string) {
	objects, _ := dict[section].(map[string]any)
	for key := range objects {
		if _, is := contents[key]; is {
			objects[key] = map[string]any{"external": true, "name": key}
		}
	}
}

// readConfig reads the Compose files of a colour by the rules of docker stack deploy. Variables have the values that
// Compose's loader used. What only Compose knows is left out, and is a finding; services that are not the colour's are
// left out.
func readConfig(m model.Model, project *types.Project) (*config, error) {
	c := &config{stack: m.ComposeProject, oneShots: map[string]bool{}, inline: inlineOf(project)}
	for _, s := range m.Services {
		c.oneShots[s.Name] = s.OneShot
	}
	details := stackfile.ConfigDetails{WorkingDir: project.WorkingDir, Environment: project.Environment}
	own := func(service string) bool { _, ok := m.Service(service); return ok }
	ignored := map[string][]string{} // services by key
	for _, file := range m.Files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, &model.InvalidError{Err: err}
		}
		dict, err := loader.ParseYAML(text)
		if err != nil {
			return nil, model.Invalid("%s: %w", file, err)
		}
		reduce(dict, own, ignored)
		elsewhere(dict, "secrets", c.inline.secrets)
		elsewhere(dict, "configs", c.inline.configs)
		details.ConfigFiles = append(details.ConfigFiles, stackfile.ConfigFile{Filename: file, Config: dict})
	}
	read, err := loader.Load(details)
	if err != nil {
		return nil, model.Invalid("docker stack deploy could not read %s: %w", filesOf(m), explained(err))
	}
	c.Config = read
	at := load.Locate(m.Files)
	for _, key := range slices.Sorted(maps.Keys(ignored)) {
		c.findings = append(c.findings, ignoredFinding(key, ignored[key], at))
	}
	return c, nil
}

func filesOf(m model.Model) string {
	var names []string
	for _, file := range m.Files {
		names = append(names, filepath.Base(file))
	}
	return strings.Join(names, ", ")
}

// explained names the keys that the loader forbids: its error only says that there are some.
func explained(err error) error {
	forbidden, ok := err.(*loader.ForbiddenPropertiesError) //nolint:errorlint // the loader returns it as it is
	if !ok {
		return err
	}
	var words []string
	for _, key := range slices.Sorted(maps.Keys(forbidden.Properties)) {
		words = append(words, key+": "+forbidden.Properties[key])
	}
	return fmt.Errorf("%w: %s", err, strings.Join(words, "; "))
}

// sections are what a stack file has at its top. Compose's loader has checked the file, so that everything else is
// Compose's own.
var sections = []string{"version", "services", "networks", "volumes", "secrets", "configs"}

// knownToSwarm are the keys of a service that the loader of docker stack deploy accepts.
var knownToSwarm = func() map[string]bool {
	known := map[string]bool{}
	service := reflect.TypeFor[stackfile.ServiceConfig]()
	for i := range service.NumField() {
		field := service.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			known[name] = true
		}
	}
	return known
}()

// orderKey stands for depends_on, which the Swarm does not follow.
const orderKey = "depends_on"

// reduce leaves in a file what the Swarm can deploy of the own services, and notes what it ignores.
func reduce(dict map[string]any, own func(string) bool, ignored map[string][]string) {
	for key := range dict {
		if !slices.Contains(sections, key) && !strings.HasPrefix(key, "x-") {
			delete(dict, key)
		}
	}
	services, _ := dict["services"].(map[string]any)
	for name, value := range services {
		service, ok := value.(map[string]any)
		if !own(name) || !ok {
			delete(services, name)
			continue
		}
		for key := range service {
			if ignores(key) && !slices.Contains(ignored[key], name) {
				ignored[key] = append(ignored[key], name)
			}
			_, forbidden := stackfile.ForbiddenProperties[key] // the loader refuses it
			if !knownToSwarm[key] && !forbidden && !strings.HasPrefix(key, "x-") || key == orderKey {
				delete(service, key)
			}
		}
	}
}

// unnoticed are keys that the Swarm ignores and that bluegate itself follows, or that change nothing about a task.
var unnoticed = []string{"build", "expose", "pull_policy", "profiles", "develop", "attach"}

// ignores says whether the Swarm ignores a key of a service.
func ignores(key string) bool {
	if strings.HasPrefix(key, "x-") || slices.Contains(unnoticed, key) || key == "restart" { // restart is converted since docker 28
		return false
	}
	_, deprecated := stackfile.DeprecatedProperties[key]
	return key == orderKey || deprecated || !knownToSwarm[key] || slices.Contains(stackfile.UnsupportedProperties, key)
}

// instead is what to write in the place of a key that the Swarm ignores.
var instead = map[string]string{
	orderKey:         "let the program wait until what it needs answers; what comes before is a one-shot (compose.one_shot), which bluegate runs first, or a command of hooks.before_up",
	"container_name": "the Swarm names its containers; use the name of the service",
	"network_mode":   "networks",
	"links":          "networks",
	"privileged":     "cap_add",
	"cpus":           "deploy.resources.limits.cpus",
	"scale":          "deploy.replicas",
	"post_start":     "a command of the image",
	"pre_stop":       "a signal handler of the program",
}

func ignoredFinding(key string, services []string, at load.Positions) model.Finding {
	slices.Sort(services)
	return model.Finding{
		Code: "swarm-ignores", Place: at.Where("services." + services[0] + "." + key),
		Message: fmt.Sprintf("the Swarm ignores %s of %s", key, strings.Join(services, ", ")),
		Cost:    "the release runs without it",
		Remedy:  cmp.Or(instead[key], "remove "+key+" from the file, or from the file that the Swarm gets"),
	}
}
