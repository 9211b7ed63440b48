package incontainer

import (
	"fmt"

	"bluegate/deploy/model"
)

// RestartFindings implements instance.Instance. A Swarm starts its tasks again without such a policy.
func (c *Nginx) RestartFindings() []model.Finding {
	policy := c.Info.HostConfig.RestartPolicy
	if policy.IsAlways() || policy.IsUnlessStopped() || c.Info.Config.Labels["com.docker.swarm.task"] != "" {
		return nil
	}
	has := "no restart policy"
	if policy.IsOnFailure() {
		has = fmt.Sprintf("the restart policy %q", policy.Name)
	}
	return []model.Finding{{
		Code: "nginx-no-restart-policy", Place: c.Name,
		Message: fmt.Sprintf("%s has %s: it stays stopped after a restart of the engine", c, has),
		Cost:    "the site is down after the next reboot or update of the engine, until someone starts nginx",
		Remedy:  "docker update --restart unless-stopped " + c.Name,
	}}
}
