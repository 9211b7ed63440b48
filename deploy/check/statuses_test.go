package check

import "testing"

func TestStatuses(t *testing.T) {
	for text, want := range map[string]struct{ in, out []int }{
		"200":             {[]int{200}, []int{199, 201}},
		"200-399":         {[]int{200, 301, 399}, []int{199, 400}},
		"200,204":         {[]int{200, 204}, []int{201, 203, 205}},
		"200-299,304,401": {[]int{200, 299, 304, 401}, []int{300, 303, 305, 400}},
	} {
		var s Statuses
		if err := s.Set(text); err != nil {
			t.Errorf("Set(%q): %v", text, err)
			continue
		}
		if s.String() != text {
			t.Errorf("Set(%q) reads back as %q", text, s)
		}
		for _, code := range want.in {
			if !s.Contain(code) {
				t.Errorf("%q does not contain %d", text, code)
			}
		}
		for _, code := range want.out {
			if s.Contain(code) {
				t.Errorf("%q contains %d", text, code)
			}
		}
	}
}

func TestWrongStatuses(t *testing.T) {
	for _, text := range []string{"", "ok", "2xx", "200-", "-299", "299-200", "99", "600", "200,,204", "200-299-399"} {
		s := Statuses{{200, 299}}
		if err := s.Set(text); err == nil {
			t.Errorf("Set(%q) was accepted as %q", text, s)
		}
		if s.String() != "200-299" {
			t.Errorf("Set(%q) failed and still changed the set to %q", text, s)
		}
	}
}
