package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/testdata/sample"
	"bluegate/testdata/stand"
)

// canaries are secrets, each in a place of its own. Their text looks like nothing in particular: what hides them is
// what bluegate knows of the place.
type canaries []string

func (c *canaries) at(place string) string {
	secret := fmt.Sprintf("%s%02dkanari", place, len(*c))
	*c = append(*c, secret)
	return secret
}

// An application that tells its whole environment in its log and in its healthcheck's answer shows no secret through
// bluegate: not in a refusal, not in what looks only, not in what is left on the engine.
func TestSecretsAreShownNowhere(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	var c canaries
	conf := strings.Replace(demoConf(t), "proxy_set_header         Host $host;", `proxy_set_header Authorization "Bearer `+c.at("header")+`";`, 1)
	if err := stand.Tag(root, "tells", "TELL=1", "NEVER_HEALTHY=1", "SIGNING_KEY="+c.at("image")); err != nil {
		t.Fatal(err)
	}
	environment := strings.Join([]string{
		"DB_PASSWORD: " + c.at("name"), "databasePassword: " + c.at("camelcase"), "DATABASE_URL: postgres://shop:" + c.at("url") + "@db/shop",
		"REDIS_AUTH: " + c.at("auth"), "AWS_SECRET_ACCESS_KEY: " + c.at("aws"), `OPTIONS: "--user a --smtp-password ` + c.at("option") + `"`,
		"FROM_DOTENV_TOKEN: ${DOTENV_TOKEN}", "FROM_CI_TOKEN: ${CI_JOB_TOKEN}", `SETTINGS: '{"apiKey": "` + c.at("json") + `"}'`,
		`SESSION_COOKIE: '` + c.at(`quo"ted`) + `'`, `LICENSE_KEY: "` + c.at("lineone") + `\n` + c.at("linetwo") + `"`,
	}, "\n      ")
	label, command, query := c.at("label"), c.at("command"), c.at("query")
	files := map[string]string{
		".env": "DOTENV_TOKEN=" + c.at("dotenv") + "\n", "app.env": "ENV_FILE_SECRET=" + c.at("envfile") + "\n", "key.txt": c.at("secretfile") + "\n",
	}
	env := []string{"CI_JOB_TOKEN=" + c.at("ci"), "OTHER=" + c.at("fromenv"), "DEPLOY_WEBHOOK=https://hooks.example/" + c.at("process"), "VERSION=v1"}

	s := newShop(t, stand.Options{Conf: conf, Edit: func(_, text string) string {
		return strings.NewReplacer(
			"environment: {", "env_file: [app.env]\n    labels: {com.example.token: "+label+"}\n    command: [\"--admin-password\", \""+command+"\"]\n    secrets: [key, other]\n    environment:\n      "+environment+"\n      <<: {",
			`/health"]`, `/health?token=`+query+`"]`,
		).Replace(text) + "secrets:\n  key: {file: ./key.txt}\n  other: {environment: OTHER}\n"
	}})
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	var out strings.Builder
	say := func(code int, args ...string) {
		t.Helper()
		r, err := s.Run(t.Context(), env, args...)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString(r.Stdout + r.Stderr)
		if r.Code != code {
			t.Errorf("bluegate %v: exit %d, want %d\n%s%s", args, r.Code, code, r.Stdout, r.Stderr)
		}
	}
	s.deploys(0, model.Started, env, "blue", "--no-pull")
	if err := s.StartNginx(); err != nil {
		t.Fatal(err)
	}
	summary := filepath.Join(s.Dir, "summary.md")
	env = append(env, "VERSION=tells", "GITHUB_STEP_SUMMARY="+summary)
	for _, format := range []string{"json", "text"} {
		say(0, "deploy", "--dry-run", "--verbose", "--no-pull", "--format", format)
		say(3, "deploy", "--verbose", "--no-pull", "--format", format)
		say(0, "status", "--format", format)
		say(0, "health", "--format", format)
	}
	page, err := os.ReadFile(summary)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{"cannot reach the database", redact.Placeholder, "SIGNING_KEY="} {
		if !strings.Contains(out.String(), shown) {
			t.Errorf("%q is not shown: the application did not tell what it should, or too much is hidden", shown)
		}
	}
	if len(c) < 20 {
		t.Errorf("only %d secrets were laid out", len(c))
	}
	left := out.String() + string(page) + s.ownObjects()
	for at := 0; ; {
		found := strings.Index(left[at:], "kanari")
		if found < 0 {
			break
		}
		at += found + 1
		t.Errorf("a secret is shown: …%s…", left[max(0, at-120):min(len(left), at+30)])
	}
}

// ownObjects is all that bluegate keeps on the engine for a project: labels, and the files in its own containers.
func (s *shop) ownObjects() string {
	s.t.Helper()
	var b strings.Builder
	for _, name := range strings.Fields(docker(s.t, "ps", "-a", "--filter", "name=^/bluegate-.*"+s.Name, "--format", "{{.Names}}")) {
		b.WriteString(docker(s.t, "inspect", name) + docker(s.t, "export", name))
	}
	return b.String()
}

func demoConf(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "testdata", "nginx", "conf.d", "default.conf"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
