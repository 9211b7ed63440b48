package setups

import (
	"time"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

// Application is what the Compose files say, in the form of the product. A test of compose/load holds that it reads the
// same from the files.
func (s Setup) Application() model.Application {
	app := model.Application{Project: Project, Models: map[model.Colour]model.Model{}}
	for _, colour := range model.Colours {
		m := model.Model{Colour: colour, ComposeProject: Project, Files: []string{"compose." + string(colour) + ".yml"}}
		for _, service := range s.Services {
			m.Services = append(m.Services, s.model(service, colour))
		}
		app.Models[colour] = m
	}
	return app
}

func (s Setup) model(service Service, colour model.Colour) model.Service {
	c := string(colour)
	out := model.Service{
		Name: service.Name(c), Key: model.ServiceKey(service.Name(c), colour), Image: s.image(), Replicas: service.Replicas, Networks: []string{service.Network()},
		Probe: &gate.Probe{Interval: time.Second, Timeout: 2 * time.Second, Retries: 3}, Place: "compose." + c + ".yml:3",
	}
	out.Hosts = []string{service.Name(c)}
	if service.Named {
		out.ContainerName = service.Container(c, 1)
	}
	for n := range service.Replicas {
		out.Hosts = append(out.Hosts, service.Container(c, n+1))
	}
	out.Hosts = append(out.Hosts, service.Aliases(c)...)
	if host := service.Host(c); host != "" {
		out.Also = append(out.Also, host)
	}
	if service.Fixed {
		out.Also = append(out.Also, service.Address(c, 1))
	}
	if service.Declared {
		out.Ports = []int{service.Ports[c]}
		if service.More > 0 {
			out.Ports = append(out.Ports, service.More)
		}
	}
	for _, key := range service.After {
		out.After = append(out.After, gate.Dependency{Service: s.Service(key).Name(c), Condition: gate.Healthy})
	}
	return out
}
