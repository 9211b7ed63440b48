package load

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"

	"bluegate/deploy/model"
)

// The names and labels by which bluegate knows its own containers, and the containers of a release. NginxLabel is the one
// that users set.
const (
	ownNames   = "bluegate-"
	ownLabels  = "bluegate."
	NginxLabel = "bluegate.nginx"
)

// refuseReserved refuses services that would look like something else to bluegate: a label of its own would have a
// database taken for a container of a colour, and removed, or a colour that is live for a helper that a killed run left.
// The label of Compose's hooks would hide a container from both. Compose's other labels are set by Compose itself.
func refuseReserved(p *types.Project, at Positions) error {
	services := p.AllServices()
	for _, name := range slices.Sorted(maps.Keys(services)) {
		s, path := services[name], "services."+name
		for _, label := range slices.Sorted(maps.Keys(s.Labels)) {
			if label == api.HookLabel || strings.HasPrefix(label, ownLabels) && label != NginxLabel {
				return &model.InvalidError{Err: fmt.Errorf("%s: %s has the label %q, by which bluegate and Compose tell containers apart that they made themselves; remove it", at.Where(path+".labels"), name, label)}
			}
		}
		if strings.HasPrefix(s.ContainerName, ownNames) {
			return &model.InvalidError{Err: fmt.Errorf("%s: %s has the container name %q: names that begin with %q are those of bluegate's lock, journal and helpers; choose another one", at.Where(path+".container_name"), name, s.ContainerName, ownNames)}
		}
	}
	return nil
}
