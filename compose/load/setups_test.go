package load

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/project"
	"bluegate/testdata/sample"
	"bluegate/testdata/setups"
)

// What is read from generated Compose files is what the generator means by them.
func TestGeneratedFiles(t *testing.T) {
	generator := setups.Generator(false)
	for n := range 40 {
		seed := int(sample.Seed()%1e6) + n
		s := generator.Example(seed)
		dir := project.Folder(t, map[string]string{"compose.blue.yml": s.Compose("blue"), "compose.green.yml": s.Compose("green")})
		app, err := load(t, Options{Dir: dir})
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, s)
		}
		want := s.Application()
		for _, colour := range model.Colours {
			got, want := inOneForm(app.Models[colour]), inOneForm(want.Models[colour])
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d: %s is read as\n%+v\nwant\n%+v\n%s", seed, colour, got, want, s)
			}
		}
	}
}

// inOneForm leaves out what is of the folder, and the order of services without dependencies.
func inOneForm(m model.Model) []model.Service {
	out := slices.Clone(m.Services)
	for i := range out {
		out[i].Place, out[i].ProbeTest, out[i].StopGrace = "", nil, 0
	}
	slices.SortFunc(out, func(a, b model.Service) int { return strings.Compare(a.Name, b.Name) })
	return out
}
