package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/stand"
)

// What bluegate cannot tell, or would leave over, is refused before anything is touched, in the dry run too.
func TestRefusedBeforeAnythingIsTouched(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config string // %s is nginx's container
		more   string // another file of nginx's
		code   model.Code
		says   []string
	}{
		"the live file is not there yet, and another one names blue": {
			config: "nginx: {container: %s, mode: template, to: /etc/nginx/conf.d/zz-upstream.conf, text: \"upstream more { server was-{colour}:3000; }\"}\n",
			code:   model.LiveUnknown, says: []string{"containers of blue run", "/etc/nginx/conf.d/default.conf:", "was-blue:3000", "write /etc/nginx/conf.d/zz-upstream.conf"},
		},
		"another port of blue": {
			more: "upstream ws { server was-blue:9090; }\n",
			code: model.AddressLeftOver, says: []string{"/etc/nginx/conf.d/more.conf:1 (server was-blue:9090)", "declare the port 9090"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openShop(t, stand.Options{})
			if test.config != "" {
				s.config(strings.ReplaceAll(test.config, "%s", s.Nginx))
			}
			if test.more != "" {
				if err := os.WriteFile(filepath.Join(filepath.Dir(s.Conf), "more.conf"), []byte(test.more), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			s.untouched(func() {
				for _, args := range [][]string{{"--dry-run"}, nil} {
					r := s.deploys(3, model.Refused, []string{"VERSION=v2"}, args...)
					if len(r.Report.Reasons) != 1 || r.Report.Reasons[0].Code != test.code || r.Report.Plan != nil {
						t.Errorf("refused for %v, plan %v", r.Report.Reasons, r.Report.Plan)
						continue
					}
					for _, words := range test.says {
						if !strings.Contains(r.Report.Reasons[0].Message, words) {
							t.Errorf("%q does not say %q", r.Report.Reasons[0].Message, words)
						}
					}
				}
			})
		})
	}
}
