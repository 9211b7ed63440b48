package swarm

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/compose/convert"
	stackfile "github.com/docker/cli/cli/compose/types"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"
	mobyclient "github.com/moby/moby/client"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// image is what is known of a service's image on the manager's engine.
type image struct {
	ref   string      // as every node gets it: with its digest, where a registry gave it one
	id    string      // on the manager; empty: it is not there
	probe *gate.Probe // that its containers have, as far as it is the image's or the file's
}

// same converts between the two clients' types, which are the same JSON: package convert has moby's, and every request of
// ours goes through the client of package engine, with its limits and leases.
func same(from, to any) error {
	text, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(text, to)
	}
	return err
}

// specs are the services of a release, by their names in the file. A one-shot is not started again, unless the file says so:
// the Swarm would repeat it for ever.
func (c *config) specs(file stackfile.Config, known lookup, o origin, images map[string]image) (map[string]swarm.ServiceSpec, error) {
	converted, err := convert.Services(context.Background(), convert.NewNamespace(c.stack), &file, known)
	if err != nil {
		return nil, err
	}
	specs := map[string]swarm.ServiceSpec{}
	for name, made := range converted {
		var spec swarm.ServiceSpec
		if err := same(made, &spec); err != nil {
			return nil, fmt.Errorf("service %s: %w", name, err)
		}
		img := images[name]
		if img.ref != "" {
			spec.TaskTemplate.ContainerSpec.Image = img.ref
		}
		labels := withLabels(o.labels(), map[string]string{probeLabel: probeText(img.probe), digestLabel: img.id})
		if c.oneShots[name] && spec.TaskTemplate.RestartPolicy == nil {
			spec.TaskTemplate.RestartPolicy = &swarm.RestartPolicy{Condition: swarm.RestartPolicyConditionNone}
		}
		if spec.Mode.Replicated != nil {
			labels[replicasLabel] = fmt.Sprint(replicasOf(spec))
		}
		label(&spec, labels)
		specs[name] = spec
	}
	return specs, nil
}

// replicasOf is how many tasks a replicated service has.
func replicasOf(spec swarm.ServiceSpec) uint64 {
	if r := spec.Mode.Replicated; r != nil && r.Replicas != nil {
		return *r.Replicas
	}
	return 1
}

// networks are the networks that the stack creates, by their names, and those that have to exist.
func (c *config) networks(file stackfile.Config) (create map[string]network.CreateOptions, external []string) {
	used := map[string]struct{}{}
	for _, service := range file.Services {
		if len(service.Networks) == 0 {
			used["default"] = struct{}{}
		}
		for key := range service.Networks {
			used[key] = struct{}{}
		}
	}
	made, external := convert.Networks(convert.NewNamespace(c.stack), file.Networks, used)
	create = map[string]network.CreateOptions{}
	for name, options := range made {
		if options.Driver == "" {
			options.Driver = "overlay"
		}
		create[name] = networkOptions(options)
	}
	return create, external
}

// networkOptions are the options for the other client. They are not JSON of the API.
func networkOptions(o mobyclient.NetworkCreateOptions) network.CreateOptions {
	out := network.CreateOptions{Driver: o.Driver, Options: o.Options, Labels: o.Labels, Internal: o.Internal, Attachable: o.Attachable}
	if o.IPAM != nil {
		out.IPAM = &network.IPAM{Driver: o.IPAM.Driver}
		for _, pool := range o.IPAM.Config {
			out.IPAM.Config = append(out.IPAM.Config, network.IPAMConfig{Subnet: pool.Subnet.String()})
		}
	}
	return out
}

// pinned is an image with the digest under which the manager's engine has it from the image's own registry, so that every
// node runs what was pulled, even if the tag moves. An image that no registry gave is left as it is.
func pinned(ref string, repoDigests []string) string {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return ref
	}
	if _, is := named.(reference.Canonical); is {
		return ref
	}
	for _, text := range repoDigests {
		held, err := reference.ParseNormalizedNamed(text)
		if err != nil || held.Name() != named.Name() {
			continue
		}
		if canonical, is := held.(reference.Canonical); is {
			if whole, err := reference.WithDigest(reference.TagNameOnly(named), canonical.Digest()); err == nil {
				return reference.FamiliarString(whole)
			}
		}
	}
	return ref
}

// imageName is an image without its digest, as the file calls it.
func imageName(spec swarm.ServiceSpec) string {
	if name := spec.Labels[imageLabel]; name != "" {
		return name
	}
	if spec.TaskTemplate.ContainerSpec == nil {
		return ""
	}
	name, _, _ := strings.Cut(spec.TaskTemplate.ContainerSpec.Image, "@")
	return name
}

// digestOf is what tells one content of an image from another: its id on the manager, otherwise its digest, otherwise its
// name.
func digestOf(spec swarm.ServiceSpec) string {
	if id := spec.Labels[digestLabel]; id != "" {
		return id
	}
	if spec.TaskTemplate.ContainerSpec == nil {
		return ""
	}
	if _, digest, found := strings.Cut(spec.TaskTemplate.ContainerSpec.Image, "@"); found {
		return digest
	}
	return spec.TaskTemplate.ContainerSpec.Image
}

// restartPolicy is a service's restart policy, in one word.
func restartPolicy(spec swarm.ServiceSpec) string {
	p := spec.TaskTemplate.RestartPolicy
	switch {
	case p == nil || p.Condition == "":
		return string(swarm.RestartPolicyConditionAny)
	case p.Condition == swarm.RestartPolicyConditionNone:
		return "no" // as package model has it of every engine
	}
	return string(p.Condition)
}

var _ model.Stack = (*Stack)(nil)
