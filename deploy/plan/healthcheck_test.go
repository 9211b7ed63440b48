package plan

import (
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"bluegate/deploy/gate"
	"bluegate/deploy/model"
)

func TestExamineProbe(t *testing.T) {
	here := model.Image{ID: "sha256:1"}
	quick := &gate.Probe{Interval: 2 * time.Second}
	with := func(s model.Service) model.Service { s.Name, s.Place = "was-green", "compose.yml:3"; return s }
	for _, test := range []struct {
		name    string
		service model.Service
		image   model.Image
		running bool
		want    string
		words   []string
	}{
		{"quick", with(model.Service{Probe: quick}), here, false, "", nil},
		{"the image's own, quick", with(model.Service{}), model.Image{ID: "x", Probe: quick}, false, "", nil},
		{"none", with(model.Service{Ports: []int{3000}}), here, false, "no-healthcheck", []string{"is refused", "  was-green:\n    healthcheck:\n", `http://127.0.0.1:3000/"]`}},
		{"none, and running suffices", with(model.Service{}), here, true, "no-healthcheck", []string{"passes by running"}},
		{"none, and the image is yet to be pulled", with(model.Service{}), model.Image{}, false, "", nil},
		{"disabled, and the image is yet to be pulled", with(model.Service{ProbeDisabled: true}), model.Image{}, false, "no-healthcheck", nil},
		{"none is needed", with(model.Service{OneShot: true}), here, false, "", nil},
		{"Docker's default interval", with(model.Service{Probe: &gate.Probe{Retries: 2}}), here, false, "slow-healthcheck", []string{"every 30s", "      interval: 2s"}},
		{"every 6 s by the image", with(model.Service{}), model.Image{ID: "x", Probe: &gate.Probe{Interval: 6 * time.Second}}, false, "slow-healthcheck", []string{"6s late"}},
		{"|| in a list", with(model.Service{Probe: quick, ProbeTest: []string{"CMD", "curl", "-f", "http://x", "||", "exit", "1"}}), here, false, "healthcheck-form", []string{`"|| exit 1" is passed to curl`}},
		{"a list for a shell", with(model.Service{}), model.Image{ID: "x", Probe: quick, ProbeTest: []string{"CMD-SHELL", `["/app", "check"] || exit 1`}}, false, "healthcheck-form", []string{"JSON list"}},
		{"the file's command stands before the image's", with(model.Service{Probe: quick, ProbeTest: []string{"CMD", "/healthcheck"}}), model.Image{ID: "x", ProbeTest: []string{"CMD-SHELL", `["/app"] || exit 1`}}, false, "", nil},
		{"a shell's own brackets", with(model.Service{Probe: quick, ProbeTest: []string{"CMD-SHELL", "[ -f /ready ] || exit 1"}}), here, false, "", nil},
		{"both of it", with(model.Service{Probe: &gate.Probe{Interval: time.Minute}, ProbeTest: []string{"CMD", "true", "||", "false"}}), here, false, "healthcheck-form slow-healthcheck", nil},
	} {
		var got []string
		text := ""
		for _, f := range examineProbe(test.service, test.image, test.running) {
			got = append(got, f.Code)
			text += f.Message + "\n" + f.Cost + "\n" + f.Remedy + "\n"
			if f.Place != "compose.yml:3" || f.Cost == "" || f.Remedy == "" {
				t.Errorf("%s: place %q, cost %q, remedy %q", test.name, f.Place, f.Cost, f.Remedy)
			}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: found %q, want %q", test.name, got, test.want)
		}
		for _, words := range test.words {
			if !strings.Contains(text, words) {
				t.Errorf("%s: it does not say %q:\n%s", test.name, words, text)
			}
		}
	}
}

// A healthcheck that is pasted into the Compose file is YAML, and nothing is found of it any more.
func TestHealthcheckRemediesAreCarriedOut(t *testing.T) {
	for _, s := range []model.Service{
		{Name: "was-green"}, {Name: "was-green", Probe: &gate.Probe{Interval: time.Minute}, ProbeTest: []string{"CMD", "true"}},
		{Name: "was-green", Ports: []int{3000}, Probe: &gate.Probe{Interval: time.Second}, ProbeTest: []string{"CMD", "true", "||", "false"}},
	} {
		for _, f := range examineProbe(s, model.Image{ID: "sha256:1"}, false) {
			var file struct {
				Services map[string]struct {
					Healthcheck struct {
						Test     []string
						Interval string
					}
				}
			}
			if err := yaml.Unmarshal([]byte(f.Remedy), &file); err != nil {
				t.Fatalf("%s: %v\n%s", f.Code, err, f.Remedy)
			}
			got := file.Services["was-green"].Healthcheck
			interval, err := time.ParseDuration(got.Interval)
			if err != nil {
				t.Fatalf("%s: %v\n%s", f.Code, err, f.Remedy)
			}
			mended := s
			mended.Probe = &gate.Probe{Interval: interval}
			if len(got.Test) > 0 {
				mended.ProbeTest = got.Test
			}
			if again := examineProbe(mended, model.Image{ID: "sha256:1"}, false); len(again) > 0 {
				t.Errorf("%s: with its remedy there is %+v", f.Code, again)
			}
		}
	}
}
