package swarm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
)

// A service of a release that retired is kept as it is, without tasks. It may be removed while the release can still come
// back: then it is made again of its specification, which a config object has. That holds no more than the service itself
// shows to whoever may ask a manager.

// keptService is what Keep holds of one service.
type keptService struct {
	id      string // of the config object
	stack   string
	release string
	name    string
	spec    swarm.ServiceSpec
}

// keptServices lists what is kept of a project, or of one of its releases; without a project, everything.
func (s *Stack) keptServices(ctx context.Context, project, release string) (all []keptService, err error) {
	f := filters.NewArgs(filters.Arg("label", engine.KeptLabel))
	if project != "" {
		f = filters.NewArgs(filters.Arg("label", engine.KeptLabel+"="+project))
	}
	if release != "" {
		f.Add("label", engine.KeptReleaseLabel+"="+release)
	}
	list, err := ask(ctx, s, "list what is kept", func(ctx context.Context) ([]swarm.Config, error) {
		return s.engine.ConfigList(ctx, swarm.ConfigListOptions{Filters: f})
	})
	for _, c := range list {
		k := keptService{id: c.ID, release: c.Spec.Labels[engine.KeptReleaseLabel], name: c.Spec.Labels[engine.KeptNameLabel]}
		if json.Unmarshal(c.Spec.Data, &k.spec) != nil {
			continue // it is not ours
		}
		k.stack = k.spec.Labels[stackLabel]
		all = append(all, k)
	}
	return all, err
}

// Keep implements model.Archive.
func (s *Stack) Keep(ctx context.Context, project string, rec model.ReleaseRecord) error {
	for _, name := range keptNames(rec) {
		if err := s.keepService(ctx, project, rec, name); err != nil {
			return fmt.Errorf("keep service %s: %w", name, err)
		}
	}
	return nil
}

// keptNames are the services of a release, each once.
func keptNames(rec model.ReleaseRecord) (names []string) {
	for _, k := range rec.Kept {
		if name := serviceName(rec, k); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func serviceName(rec model.ReleaseRecord, k model.RetainedContainer) string {
	return rec.Model.ComposeProject + "_" + k.Service
}

func (s *Stack) keepService(ctx context.Context, project string, rec model.ReleaseRecord, name string) error {
	found, there, err := s.find(ctx, name, releasesOf(rec)...)
	if err != nil {
		return err
	}
	if !there {
		return fmt.Errorf("it is not there any more")
	}
	text, err := json.Marshal(found.Spec)
	if err != nil {
		return err
	}
	_, err = ask(ctx, s, "create a config", func(ctx context.Context) (swarm.ConfigCreateResponse, error) {
		return s.engine.ConfigCreate(ctx, swarm.ConfigSpec{Data: text, Annotations: swarm.Annotations{
			Name:   engine.ObjectName("bluegate-kept-", project+"/"+rec.Release+"/"+name, ""),
			Labels: map[string]string{engine.OwnLabel: "kept", engine.KeptLabel: project, engine.KeptReleaseLabel: rec.Release, engine.KeptNameLabel: name},
		}})
	})
	if errdefs.IsConflict(err) { // a run that was killed has kept it
		return nil
	}
	return err
}

// releasesOf are the labels that a release's services may have: none, where someone else had started them.
func releasesOf(rec model.ReleaseRecord) []string {
	if rec.Adopted {
		return []string{"", rec.Release}
	}
	return []string{rec.Release}
}

// Held implements model.Archive.
func (s *Stack) Held(ctx context.Context, project string, rec model.ReleaseRecord) (missing []model.RetainedContainer, err error) {
	kept, err := s.keptServices(ctx, project, rec.Release)
	if err != nil {
		return nil, err
	}
	for _, k := range rec.Kept {
		if !slices.ContainsFunc(kept, func(one keptService) bool { return one.name == serviceName(rec, k) }) {
			missing = append(missing, k)
		}
	}
	return missing, nil
}

// Revive implements model.Archive. Services that were kept have their tasks again, and those that are gone are created.
func (s *Stack) Revive(ctx context.Context, project string, rec model.ReleaseRecord, created func(context.Context) error) error {
	kept, err := s.keptServices(ctx, project, rec.Release)
	if err != nil {
		return err
	}
	for _, name := range keptNames(rec) {
		_, there, err := s.find(ctx, name, releasesOf(rec)...)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(kept, func(one keptService) bool { return one.name == name }); i < 0 && !there {
			return fmt.Errorf("service %s is gone, and so is its saved specification", name)
		}
	}
	if err := created(ctx); err != nil {
		return err
	}
	var made []string
	for _, name := range keptNames(rec) {
		found, there, err := s.change(ctx, name, func(spec swarm.ServiceSpec) swarm.ServiceSpec {
			if !isRetired(spec) {
				return spec
			}
			return revived(spec)
		}, releasesOf(rec)...)
		id := found.ID
		if err == nil && !there {
			i := slices.IndexFunc(kept, func(one keptService) bool { return one.name == name })
			id, err = s.create(context.WithoutCancel(ctx), recreated(kept[i].spec, rec))
		}
		if err != nil {
			return err
		}
		made = append(made, id)
	}
	return s.reach(ctx, rec.Model.ComposeProject, made, swarm.TaskStateRunning)
}

// recreated is the specification of a service that is made again: it has its tasks, and is labelled with the release.
func recreated(spec swarm.ServiceSpec, rec model.ReleaseRecord) swarm.ServiceSpec {
	if isRetired(spec) {
		spec = revived(spec)
	}
	spec.Labels = withLabels(spec.Labels, map[string]string{engine.ReleaseLabel: rec.Release})
	return spec
}

// RestoreRestart implements model.Archive. A service that retired has lost its tasks and not its restart policy.
func (s *Stack) RestoreRestart(context.Context, []model.RetainedContainer) error { return nil }

// Forget implements model.Archive.
func (s *Stack) Forget(ctx context.Context, project string, but []string) error {
	kept, err := s.keptServices(ctx, project, "")
	if err != nil {
		return err
	}
	for _, k := range kept {
		if !s.ours(k.stack) || slices.Contains(but, k.release) {
			continue
		}
		if err := s.removeContent(ctx, "what was kept of "+k.name, k.id, s.engine.ConfigRemove); err != nil {
			return err
		}
	}
	for _, stack := range s.names {
		if err := s.forgetContents(ctx, stack); err != nil {
			return err
		}
		if err := s.forgetNetworks(ctx, stack); err != nil {
			return err
		}
	}
	return nil
}

// forgetNetworks removes the networks of a stack that has no service any more. One that something else uses stays. The
// Swarm removes a network after it has said so, and whoever creates it again waits for that.
func (s *Stack) forgetNetworks(ctx context.Context, stack string) error {
	services, err := s.services(ctx, stack)
	if err != nil || len(services) > 0 {
		return err
	}
	networks, err := ask(ctx, s, "list the networks of stack "+stack, func(ctx context.Context) ([]network.Summary, error) {
		return s.engine.NetworkList(ctx, network.ListOptions{Filters: ofStack(stack)})
	})
	for _, n := range networks {
		if !strings.HasPrefix(n.Name, stack+"_") || len(n.Containers) > 0 { // the name of another one is the file's own
			continue
		}
		if err := s.removeContent(ctx, "network "+n.Name, n.ID, s.engine.NetworkRemove); err != nil {
			return err
		}
	}
	return err
}

// ours says whether a stack is one of the application's.
func (s *Stack) ours(stack string) bool {
	for _, colour := range model.Colours {
		if s.names[colour] == stack {
			return true
		}
	}
	return false
}
