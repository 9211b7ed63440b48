package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

// quickProbe is the longest interval of a healthcheck that does not slow a deployment down.
const quickProbe = 5 * time.Second

// Healthchecks are the findings about the healthchecks of both colours, because both will be deployed. An image that is
// not on the engine says nothing.
func (o Observation) Healthchecks(s Settings) (found []model.Finding) {
	for _, colour := range model.Colours {
		for _, service := range o.Application.Models[colour].Services {
			img, _ := model.ImageOf(o.Images[colour], service.Name)
			found = append(found, examineProbe(service, img, len(s.Checks[colour]) > 0 || s.runningSuffices(service, o.reached(colour)))...)
		}
	}
	return found
}

func examineProbe(s model.Service, img model.Image, runningSuffices bool) []model.Finding {
	if s.OneShot {
		return nil
	}
	p := EffectiveProbe(s, img)
	if p == nil {
		if img.ID == "" && !s.ProbeDisabled {
			return nil // the image that is yet to be pulled may bring one
		}
		found := model.Finding{
			Code: "no-healthcheck", Place: s.Place, Message: fmt.Sprintf("service %s has no healthcheck", s.Name),
			Cost:   "nothing can tell whether it works, so a deployment is refused",
			Remedy: healthcheckFor(s),
		}
		if runningSuffices {
			found.Cost = "it passes by running: an app that starts and answers nothing but errors becomes live"
		}
		return []model.Finding{found}
	}
	var all []model.Finding
	if why := confusedTest(testOf(s, img)); why != "" {
		all = append(all, model.Finding{
			Code: "healthcheck-form", Place: s.Place, Message: fmt.Sprintf("the healthcheck of %s %s", s.Name, why),
			Cost:   "it fails, or passes, for a reason that has nothing to do with the app",
			Remedy: healthcheckFor(s),
		})
	}
	if p.Interval > quickProbe {
		all = append(all, model.Finding{
			Code: "slow-healthcheck", Place: s.Place, Message: fmt.Sprintf("the healthcheck of %s asks every %s", s.Name, p.Interval),
			Cost:   fmt.Sprintf("the first probe comes %s after the start, so each deployment takes that long or longer, and a fault is seen up to %s late", p.Interval, p.Interval),
			Remedy: fmt.Sprintf("services:\n  %s:\n    healthcheck:\n      interval: 2s", s.Name),
		})
	}
	return all
}

func testOf(s model.Service, img model.Image) []string {
	if len(s.ProbeTest) > 0 {
		return s.ProbeTest
	}
	return img.ProbeTest
}

// confusedTest finds a healthcheck's command that mixes both forms. A builder takes HEALTHCHECK CMD ["/app"] || exit 1
// for the shell form and hands the list to a shell, which looks for a command named [/app]. In a list, "||" is an
// ordinary argument.
func confusedTest(test []string) string {
	if len(test) < 2 {
		return ""
	}
	switch test[0] {
	case "CMD":
		if i := slices.Index(test, "||"); i > 0 {
			return fmt.Sprintf("is a list, which is not run by a shell: %q is passed to %s as arguments", strings.Join(test[i:], " "), test[1])
		}
	case "CMD-SHELL":
		if strings.HasPrefix(strings.TrimSpace(test[1]), "[") && strings.Contains(test[1], `"`) {
			return fmt.Sprintf("hands a JSON list to a shell: %s", redact.Sanitize(test[1]))
		}
	}
	return ""
}

// healthcheckFor is a healthcheck as it is written in the Compose file.
func healthcheckFor(s model.Service) string {
	port := 8080
	if len(s.Ports) > 0 {
		port = s.Ports[0]
	}
	return fmt.Sprintf("services:\n  %s:\n    healthcheck:\n      # an image without curl can carry bluegate's own: [\"CMD\", \"/healthcheck\", \"http://127.0.0.1:%[2]d/\"]\n      test: [\"CMD\", \"curl\", \"-fsS\", \"-o\", \"/dev/null\", \"http://127.0.0.1:%[2]d/\"]\n      interval: 2s\n      timeout: 2s\n      retries: 5\n      start_period: 30s", s.Name, port)
}
