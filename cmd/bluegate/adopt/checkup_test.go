package adopt

import (
	"strings"
	"testing"
)

func TestReadCheckup(t *testing.T) {
	for name, test := range map[string]struct {
		text, yaml string
		says       []string
	}{
		"the example of its README": {
			`{"checkers":[{"type":"http","endpoint_name":"user-service","endpoint_url":"http://localhost:8000","attempts":3},{"type":"http","endpoint_name":"billing-service","endpoint_url":"http://localhost:8080","attempts":3}],"storage":{"provider":"fs","dir":"./check_files","url":"http://127.0.0.1:2015/check_files"},"notifier":{"name":"slack","username":"username","channel":"#channel-name","webhook":"webhook-url"}}`,
			`watch:
  checks:
    - {name: user-service, http: "http://localhost:8000", status: 200-204, timeout: 10s, samples: 3}
    - {name: billing-service, http: "http://localhost:8080", status: 200-204, timeout: 10s, samples: 3}
notify:
  - {url: "${SLACK_URL}"}
`,
			[]string{"storage fs: bluegate keeps a history of its own", "notifier slack: set SLACK_URL to its webhook"},
		},
		"every kind": {
			`{"checkers":[
{"type":"http","endpoint_name":"a","endpoint_url":"https://a.test/","up_status":418,"must_contain":"ok","must_not_contain":"bad","threshold_rtt":500000000,"headers":{"Authorization":["Bearer s3cret"],"Host":["b.test"]}},
{"type":"tcp","endpoint_name":"a","endpoint_url":"a.test:25","timeout":3000000000},
{"type":"tcp","endpoint_name":"with tls","endpoint_url":"a.test:465","tls":true,"tls_skip_verify":true,"tls_ca_file":"ca.pem"},
{"type":"tls","endpoint_name":"cert","endpoint_url":"a.test:443","cert_expiry_threshold":604800000000000,"trusted_roots":["a.pem","b.pem"]},
{"type":"dns","endpoint_name":"names","endpoint_url":"192.0.2.1:53","hostname_fqdn":"a.test."},
{"type":"exec","name":"script","command":"./check","arguments":["a b"],"must_contain":"ok","raise":"warn"},
{"type":"ping","endpoint_name":"x"}],
"storage":{"type":"s3"},
"notifiers":[{"type":"mail","smtp":{"password":"s3cret"}},{"type":"discord","webhook":"s3cret"},{"type":"pushover","token":"s3cret"},{"type":"mailgun","apikey":"s3cret"},{"type":"slack","webhook":"s3cret"},{"type":"slack"},{"type":"pigeon"}]}`,
			`watch:
  checks:
    - {name: a, http: "https://a.test/", status: 418, contains: ok, contains_not: bad, headers: {Authorization: "${A_AUTHORIZATION}", Host: b.test}, latency: 500ms, timeout: 10s}
    - {name: "a 2", tcp: "a.test:25", timeout: 3s}
    - {name: "with tls", tls: "a.test:465", ca: ca.pem, insecure: true}
    - {name: cert, tls: "a.test:443", days_left: 7, ca: a.pem}
    - {name: names, dns: a.test}
    - {name: script, exec: ["./check", "a b"]}
notify:
  - {url: "${MAIL_URL}"}
  - {url: "${DISCORD_URL}"}
  - {url: "${PUSHOVER_URL}"}
  - {url: "${MAILGUN_URL}"}
  - {url: "${SLACK_URL}"}
  - {url: "${SLACK_URL_2}"}
`,
			[]string{
				"a: set A_AUTHORIZATION to the header Authorization", "no counterpart: cert: more than one file of trusted_roots", "names: the name is resolved as this machine resolves names",
				"no counterpart: script: must_contain", "no counterpart: script: raise: warn", `no counterpart: checker 6 has type "ping"`, "no counterpart: storage s3",
				"notifier mail: set MAIL_URL", `no counterpart: notifier "pigeon"`,
			},
		},
		"empty": {`{}`, "", nil},
	} {
		got, err := ReadCheckup([]byte(test.text))
		if err != nil || got.YAML != test.yaml {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got.YAML, test.yaml)
		}
		var said []string
		for _, o := range got.Observations {
			said = append(said, o.What)
		}
		all := strings.Join(said, "\n")
		for _, want := range test.says {
			if !strings.Contains(all, want) {
				t.Errorf("%s does not say %q:\n%s", name, want, all)
			}
		}
		if strings.Contains(all+got.YAML, "s3cret") {
			t.Errorf("%s tells a secret:\n%s\n%s", name, all, got.YAML)
		}
	}
	for _, text := range []string{"", "[]", `{"checkers":[{"attempts":"three"}]}`, `{"checkers":{}}`} {
		if _, err := ReadCheckup([]byte(text)); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}
