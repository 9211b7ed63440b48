package swarm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/containerd/errdefs"
	"github.com/docker/cli/cli/compose/convert"
	stackfile "github.com/docker/cli/cli/compose/types"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"
	moby "github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
)

// contentLabel marks the secrets and configs of a release. Their content never changes, so each content has a name of its
// own: the one in the file with a checksum.
const contentLabel = "bluegate.content"

// contents are the secrets and configs of a stack, by the names under which the Swarm has them.
type contents struct {
	secrets map[string]swarm.SecretSpec // to create, if they are not there
	configs map[string]swarm.ConfigSpec
	known   lookup
}

// lookup answers what package convert asks for: the ids of secrets and configs. It asks nothing itself.
type lookup struct {
	client.APIClient
	secrets, configs map[string]string // ids by name
}

// SecretList implements client.SecretAPIClient.
func (l lookup) SecretList(context.Context, client.SecretListOptions) (out client.SecretListResult, err error) {
	for name, id := range l.secrets {
		out.Items = append(out.Items, moby.Secret{ID: id, Spec: moby.SecretSpec{Annotations: moby.Annotations{Name: name}}})
	}
	return out, nil
}

// ConfigList implements client.ConfigAPIClient.
func (l lookup) ConfigList(context.Context, client.ConfigListOptions) (out client.ConfigListResult, err error) {
	for name, id := range l.configs {
		out.Items = append(out.Items, moby.Config{ID: id, Spec: moby.ConfigSpec{Annotations: moby.Annotations{Name: name}}})
	}
	return out, nil
}

// contents reads what the files' secrets and configs are, and names them by it. A name that the file itself gives is left
// as it is. The stack file that is returned has these names.
func (c *config) contents(o origin) (stackfile.Config, contents, error) {
	file, out := *c.Config, contents{secrets: map[string]swarm.SecretSpec{}, configs: map[string]swarm.ConfigSpec{}}
	file.Secrets, file.Configs = maps.Clone(file.Secrets), maps.Clone(file.Configs)
	namespace := convert.NewNamespace(c.stack)
	labels := map[string]string{engine.ApplicationLabel: o.application, contentLabel: c.stack, stackLabel: c.stack}
	for key, secret := range file.Secrets {
		content, inline := c.inline.secrets[key]
		if secret.External.External && !inline {
			continue
		}
		spec := swarm.SecretSpec{Data: []byte(content)}
		if !inline {
			made, err := convert.Secrets(namespace, map[string]stackfile.SecretConfig{key: secret})
			if err == nil {
				err = same(made[0], &spec)
			}
			if err != nil {
				return file, out, fmt.Errorf("secret %s: %w", key, err)
			}
		}
		if secret.Name == "" || inline {
			if spec.Name = namespace.Scope(key); secret.Driver == "" {
				spec.Name = versioned(spec.Name, spec.Data)
			}
			spec.Labels = withLabels(spec.Labels, labels)
			secret.Name = spec.Name
			file.Secrets[key] = secret
		}
		out.secrets[spec.Name] = spec
	}
	for key, one := range file.Configs {
		content, inline := c.inline.configs[key]
		if one.External.External && !inline {
			continue
		}
		spec := swarm.ConfigSpec{Data: []byte(content)}
		if !inline {
			made, err := convert.Configs(namespace, map[string]stackfile.ConfigObjConfig{key: one})
			if err == nil {
				err = same(made[0], &spec)
			}
			if err != nil {
				return file, out, fmt.Errorf("config %s: %w", key, err)
			}
		}
		if one.Name == "" || inline {
			spec.Name = versioned(namespace.Scope(key), spec.Data)
			spec.Labels = withLabels(spec.Labels, labels)
			one.Name = spec.Name
			file.Configs[key] = one
		}
		out.configs[spec.Name] = spec
	}
	return file, out, nil
}

// versioned is a name with a checksum of the content.
func versioned(name string, data []byte) string {
	sum := sha256.Sum256(data)
	return engine.ObjectName("", name, "-"+hex.EncodeToString(sum[:5]))
}

// ensure creates the secrets and configs that are not there, and learns the ids of all.
func (s *Stack) ensure(ctx context.Context, c *contents) error {
	if err := s.learn(ctx, c); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(c.secrets)) {
		if c.known.secrets[name] != "" {
			continue
		}
		made, err := ask(ctx, s, "create secret "+name, func(ctx context.Context) (swarm.SecretCreateResponse, error) {
			return s.engine.SecretCreate(ctx, c.secrets[name])
		})
		if err != nil {
			return err
		}
		c.known.secrets[name] = made.ID
	}
	for _, name := range slices.Sorted(maps.Keys(c.configs)) {
		if c.known.configs[name] != "" {
			continue
		}
		made, err := ask(ctx, s, "create config "+name, func(ctx context.Context) (swarm.ConfigCreateResponse, error) {
			return s.engine.ConfigCreate(ctx, c.configs[name])
		})
		if err != nil {
			return err
		}
		c.known.configs[name] = made.ID
	}
	return nil
}

// learn asks for the ids of all secrets and configs.
func (s *Stack) learn(ctx context.Context, c *contents) error {
	secrets, err := ask(ctx, s, "list the secrets", func(ctx context.Context) ([]swarm.Secret, error) {
		return s.engine.SecretList(ctx, swarm.SecretListOptions{})
	})
	if err != nil {
		return err
	}
	configs, err := ask(ctx, s, "list the configs", func(ctx context.Context) ([]swarm.Config, error) {
		return s.engine.ConfigList(ctx, swarm.ConfigListOptions{})
	})
	if err != nil {
		return err
	}
	c.known = lookup{secrets: map[string]string{}, configs: map[string]string{}}
	for _, secret := range secrets {
		c.known.secrets[secret.Spec.Name] = secret.ID
	}
	for _, one := range configs {
		c.known.configs[one.Spec.Name] = one.ID
	}
	return nil
}

// forgetContents removes the secrets and configs of the stack that no service uses, and no release that is kept.
func (s *Stack) forgetContents(ctx context.Context, stack string) error {
	used, err := s.usedContents(ctx)
	if err != nil {
		return err
	}
	f := filters.NewArgs(filters.Arg("label", contentLabel+"="+stack))
	secrets, err := ask(ctx, s, "list the secrets of "+stack, func(ctx context.Context) ([]swarm.Secret, error) {
		return s.engine.SecretList(ctx, swarm.SecretListOptions{Filters: f})
	})
	if err != nil {
		return err
	}
	for _, secret := range secrets {
		if !used[secret.ID] {
			if err := s.removeContent(ctx, "secret "+secret.Spec.Name, secret.ID, s.engine.SecretRemove); err != nil {
				return err
			}
		}
	}
	configs, err := ask(ctx, s, "list the configs of "+stack, func(ctx context.Context) ([]swarm.Config, error) {
		return s.engine.ConfigList(ctx, swarm.ConfigListOptions{Filters: f})
	})
	if err != nil {
		return err
	}
	for _, one := range configs {
		if !used[one.ID] {
			if err := s.removeContent(ctx, "config "+one.Spec.Name, one.ID, s.engine.ConfigRemove); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeContent removes a secret or a config. One that a service uses since, or that is gone, is no error.
func (s *Stack) removeContent(ctx context.Context, what, id string, remove func(context.Context, string) error) error {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	err := remove(ctx, id)
	if err == nil || errdefs.IsNotFound(err) || isInUse(err) {
		return nil
	}
	return s.engine.SwarmUnreachable(fmt.Errorf("remove %s: %w", what, err))
}

// usedContents are the ids of the secrets and configs of all services, and of the releases that are kept.
func (s *Stack) usedContents(ctx context.Context) (map[string]bool, error) {
	services, err := ask(ctx, s, "list the services", func(ctx context.Context) ([]swarm.Service, error) {
		return s.engine.ServiceList(ctx, swarm.ServiceListOptions{})
	})
	if err != nil {
		return nil, err
	}
	kept, err := s.keptServices(ctx, "", "")
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	note := func(spec swarm.ServiceSpec) {
		if c := spec.TaskTemplate.ContainerSpec; c != nil {
			for _, ref := range c.Secrets {
				used[ref.SecretID] = true
			}
			for _, ref := range c.Configs {
				used[ref.ConfigID] = true
			}
		}
	}
	for _, service := range services {
		note(service.Spec)
	}
	for _, k := range kept {
		note(k.spec)
	}
	return used, nil
}

var _ model.Archive = (*Stack)(nil)
