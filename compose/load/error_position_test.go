package load

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"bluegate/testdata/project"

	"bluegate/deploy/model"
)

// Every known kind of error in a Compose file, with Compose's message and the correct place.
func TestWhatComposeRejectsHasAPlace(t *testing.T) {
	const was = "services:\n  was-blue:\n    image: a\n"
	for name, test := range map[string]struct{ file, place, says string }{
		"indentation":         {was + "   ports: []\n", "4:4", "did not find expected key"},
		"tab":                 {"services:\n\twas-blue: {image: a}\n", "2:1", "cannot start any token"},
		"unclosed mapping":    {"services:\n  was-blue: {image: a\n", "3:1", "did not find expected"},
		"unclosed quote":      {"services:\n  was-blue: {image: \"a}\n", "3:1", "unexpected end of stream"},
		"second document":     {was + "---\nservices: [\n", "6:1", "did not find expected"},
		"unknown anchor":      {"services:\n  was-blue: *nope\n", "2:13", "unknown anchor"},
		"no UTF-8":            {"services:\n  was-blue: {image: \"é\xff\"}\n", "2:23", "UTF-8"},
		"key twice":           {was + "    image: b\n", "4", "already defined at line 3"},
		"service twice":       {was + "  was-blue: {image: b}\n", "4", "already defined at line 2"},
		"a word":              {"hello\n", "1", "cannot construct"},
		"a list":              {"- a\n- b\n", "1", "cannot construct"},
		"empty":               {"", "1", "empty compose file"},
		"unknown key":         {was + "    imagee: a\n", "4:5", "'imagee' not allowed"},
		"unknown key of all":  {was + "servicess: {}\n", "4:1", "'servicess' not allowed"},
		"unknown key of part": {"services:\n  was-blue:\n    build:\n      contxt: .\n", "4:7", "'contxt' not allowed"},
		"service's name":      {was + "  \"a b\": {image: b}\n", "4:3", "'a b' not allowed"},
		"key that is no text": {was + "  1: {image: b}\n", "4:3", "non-string key"},
		"nothing":             {"services:\n  was-blue:\n", "2:3", "must be a mapping"},
		"type":                {was + "    ports: no\n", "4:5", "ports must be a array"},
		"type of an item":     {was + "    labels:\n      - x=y\n      - [z]\n", "6:9", "unexpected type"},
		"type of a value":     {was + "    environment:\n      A: {b: c}\n", "5:7", "environment.A must be"},
		"choice":              {was + "    depends_on:\n      db: {condition: healthy}\n  db: {image: a}\n", "5:12", "value must be one of"},
		"pattern":             {was + "    pull_policy: sometimes\n", "4:5", "does not match pattern"},
		"duration as number":  {was + "    healthcheck: {test: [CMD, x], interval: 5}\n", "4:35", "interval must be a string"},
		"duration":            {was + "    healthcheck: {test: [CMD, x], interval: 5 parsecs}\n", "4:35", "unknown unit"},
		"size":                {was + "    mem_limit: lots\n", "4:5", "invalid size"},
		"number":              {was + "    cpus: x\n", "4:5", "invalid syntax"},
		"boolean":             {was + "    privileged: maybe\n", "4:5", "invalid boolean"},
		"number in a list":    {was + "    ports:\n      - target: 80\n      - target: x\n", "6:9", "invalid syntax"},
		"template":            {"services:\n  was-blue:\n    image: a:${NOPE\n", "3:5", "invalid interpolation format"},
		"required":            {"services:\n  was-blue:\n    image: a:${NOPE:?set NOPE}\n", "3:5", "set NOPE"},
		"required in a list":  {was + "    environment:\n      - A=b\n      - X=${NOPE:?set NOPE}\n", "6:9", "set NOPE"},
		"no dependency":       {was + "    depends_on:\n      - db\n", "5:9", "undefined service"},
		"no link":             {was + "    links: [\"db:sql\"]\n", "4:13", "undefined service"},
		"no namespace":        {was + "    network_mode: \"service:vpn\"\n", "4:19", "undefined service"},
		"no network":          {was + "    networks: [front]\n", "4:16", "undefined network"},
		"no volume":           {was + "    volumes:\n      - ./a:/a\n      - data:/var\n", "6:9", "undefined volume"},
		"no secret":           {was + "    secrets: [key]\n", "4:15", "undefined secret"},
		"no config":           {was + "    configs: [main]\n", "4:15", "undefined config"},
		"no base":             {"services:\n  was-blue:\n    extends: {service: base}\n", "3:24", "not found"},
		"no base file":        {"services:\n  was-blue:\n    extends:\n      file: base.yml\n      service: base\n", "4:13", "base.yml: no such file"},
		"no included file":    {"include:\n  - more.yml\n" + was, "2:5", "more.yml: no such file"},
		"no env file":         {was + "    env_file:\n      - conf/missing.env\n", "5:9", "missing.env not found"},
		"cycle":               {was + "    depends_on: [b-blue]\n  b-blue:\n    image: a\n    depends_on: [was-blue]\n", "", "cycle"},
		"no image":            {"services:\n  was-blue:\n    restart: always\n", "2:3", "neither an image nor a build context"},
		"both networks":       {was + "    network_mode: host\n    networks: [default]\n", "4:5", "mutually exclusive"},
		"scale twice":         {was + "    scale: 3\n    deploy: {replicas: 2}\n", "2:3", "distinct values"},
		"name and replicas":   {was + "    container_name: shop\n    deploy: {replicas: 2}\n", "4:5", "container_name"},
		"name and scale":      {was + "    container_name: shop\n    scale: 2\n", "4:5", "container_name"},
		"port":                {was + "    ports:\n      - \"80:80\"\n      - \"80:80:80:80\"\n", "6:9", "80:80"},
		"port too high":       {was + "    ports: [\"99999999:80\"]\n", "4:13", "99999999"},
		"port that is none":   {was + "    ports: [\"abc:80\"]\n", "4:13", "abc"},
		"volume":              {was + "    volumes: [\"data:/x:/y:z:z\"]\n", "4:15", "too many colons"},
		"probe":               {was + "    healthcheck:\n      test: [curl, x]\n", "5:7", "healthcheck.test must start"},
	} {
		dir := project.Folder(t, map[string]string{"compose.blue.yml": test.file, "compose.green.yml": greenFile})
		_, err := load(t, Options{Dir: dir})
		var invalid *model.InvalidError
		if !errors.As(err, &invalid) {
			t.Errorf("%s: %v is no invalid configuration", name, err)
			continue
		}
		got := strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "")
		want := "compose.blue.yml:" + test.place + ": "
		if test.place == "" {
			want = "compose.blue.yml:" // one of several places
		}
		if !strings.HasPrefix(got, want) || !strings.Contains(got, test.says) || strings.Contains(got, "\n") {
			t.Errorf("%s:\n\t%s\nwant\n\t%s…%s…", name, got, want, test.says)
		}
	}
}

// With several files, the place is in the last file that contains the error.
func TestPlaceAmongSeveralFiles(t *testing.T) {
	const base = "services:\n  was-{c}:\n    image: a\n"
	for name, test := range map[string]struct{ base, over, want string }{
		"in the base":        {"services:\n  was-blue:\n    imagee: a\n", "services:\n  was-blue:\n    image: b\n", "base.blue.yml:3:5: "},
		"in the override":    {"services:\n  was-blue:\n    image: a\n", "services:\n  was-blue:\n    imagee: b\n", "over.blue.yml:3:5: "},
		"syntax in base":     {"services: [\n", "services:\n  was-blue:\n    image: b\n", "base.blue.yml:2:1: "},
		"syntax in other":    {"services:\n  was-blue:\n    image: a\n", "services:\n  was-blue: {\n", "over.blue.yml:3:1: "},
		"in both":            {"services:\n  was-blue:\n    image: a\n    depends_on: [db]\n", "services:\n  was-blue:\n    depends_on: [db]\n", "over.blue.yml:3:18: "},
		"in an include":      {"include: [more.yml]\n", "services:\n  was-blue:\n    image: b\n", "more.yml:3:5: "},
		"in what it extends": {"services:\n  was-blue:\n    extends: {file: more.yml, service: x}\n", "services:\n  was-blue:\n    image: b\n", "base.blue.yml:2:3: "},
	} {
		dir := project.Folder(t, map[string]string{
			"base.blue.yml": test.base, "over.blue.yml": test.over, "more.yml": "services:\n  x:\n    imagee: b\n",
			"base.green.yml": strings.ReplaceAll(base, "{c}", "green"), "over.green.yml": strings.ReplaceAll(base, "{c}", "green"),
		})
		_, err := load(t, Options{Dir: dir, Files: []string{"base.{colour}.yml", "over.{colour}.yml"}})
		if err == nil {
			t.Errorf("%s: taken", name)
			continue
		}
		if got := strings.ReplaceAll(err.Error(), dir+"/", ""); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: %s\nwant %s", name, got, test.want)
		}
	}
}
