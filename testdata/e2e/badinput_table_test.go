package e2e

import "strings"

const (
	blueService  = "services:\n  web-blue:\n    image: bluegate-none:v1\n"
	greenService = "services:\n  web-green:\n    image: bluegate-none:v1\n"
)

// bluegateYML is an input whose only fault is in bluegate.yml.
func bluegateYML(name, text, at, says string) badInput {
	place := ""
	if at != "" {
		place = "bluegate.yml:" + at
	}
	return badInput{name: name, files: map[string]string{"bluegate.yml": text}, place: place, says: says}
}

// composeFile is one whose only fault is in the blue Compose file.
func composeFile(name, text, at, says string) badInput {
	place := ""
	if at != "" {
		place = "compose.blue.yml:" + at
	}
	return badInput{name: name, files: map[string]string{"compose.blue.yml": text}, place: place, says: says}
}

// projectCalled gives the Compose project a name in bluegate.yml.
func projectCalled(name, project string) badInput {
	return bluegateYML("project "+name, "project: "+project+"\n", "", "project")
}

func badInputs() []badInput {
	service := func(lines string) string {
		return blueService + "    " + strings.ReplaceAll(lines, "\n", "\n    ") + "\n"
	}
	return []badInput{
		bluegateYML("unknown section", "project: shop\ncompsoe: {}\n", "2:1", `did you mean "compose"?`),
		bluegateYML("unknown key", "gate:\n  stabel: 5s\n", "2:3", `did you mean "stable"?`),
		bluegateYML("unknown key of nginx", "nginx: {contaner: edge}\n", "1:9", `did you mean "container"?`),
		bluegateYML("bare number for a duration", "gate: {stable: 5}\n", "1:16", `invalid duration "5"`),
		bluegateYML("negative duration", "drain: {timeout: -1s}\n", "1:18", `invalid duration "-1s"`),
		bluegateYML("word of no list", "old: {keep: forever}\n", "1:13", "stopped, running, removed"),
		bluegateYML("list for a word", "project: [shop]\n", "1:10", "a single value"),
		bluegateYML("word for a list", "compose: {files: compose.yml}\n", "1:18", "a list"),
		bluegateYML("word for a mapping", "gate: fast\n", "1:7", "a mapping"),
		bluegateYML("key twice", "gate: {stable: 1s}\ngate: {stable: 2s}\n", "2:1", "already"),
		bluegateYML("anchor", "project: &a shop\n", "1:10", "anchors"),
		bluegateYML("merge key", "gate:\n  <<: {stable: 1s}\n", "2:3", "merge"),
		bluegateYML("tag", "project: !!str shop\n", "1:10", "tags"),
		bluegateYML("two documents", "project: a\n---\nproject: b\n", "3:8", "second document"),
		bluegateYML("empty file", "\n\n", "1:1", "empty"),
		bluegateYML("unclosed quote", "project: \"shop\n", "1:10", ""),
		bluegateYML("tabs", "gate:\n\tstable: 5s\n", "2:1", ""),
		bluegateYML("no mapping", "- project\n", "1:1", "a list"),
		bluegateYML("bytes that are no text", "project: a\xff\n", "1:11", "not text"),
		bluegateYML("third colour", "colours: {red: {port: 1}}\n", "1:11", `"red"`),
		bluegateYML("unknown placeholder", "compose: {project: \"a-{port}\"}\n", "1:20", "unknown placeholder {port}"),
		bluegateYML("placeholder without a colour", "nginx: {container: \"edge-{colour}\"}\n", "1:20", "{colour} is not replaced here"),
		bluegateYML("key that only blue has", "compose: {project: \"a-{port}\"}\ncolours: {blue: {port: 1}}\n", "1:20", "unknown placeholder {port} for green"),
		bluegateYML("directive in a value", "nginx: {mode: template, to: a.inc, text: \"set $u http://a:{port};\"}\ncolours: {blue: {port: \"1;}\"}, green: {port: 2}}\n", "1:42", "can end a directive"),
		bluegateYML("service that is not there", "compose: {services: [api]}\n", "", `"api"`),
		bluegateYML("Compose file that is not there", "compose: {files: [none.yml]}\n", "", "none.yml"),

		projectCalled("out of the folder", `"../x"`),
		projectCalled("like a flag", `"-rf"`),
		projectCalled("for a shell", `"$(id)"`),
		projectCalled("in unicode", "shöp"),
		projectCalled("of 64 letters", strings.Repeat("a", 64)),
		projectCalled("in capitals", "Shop"),
		projectCalled("with a line break", `"a\nb"`),
		bluegateYML("Compose project out of the folder", "compose: {project: \"../x-{colour}\"}\n", "", "../x"),

		composeFile("YAML that is none", "services:\n  web-blue: {image: [\n", "3:1", ""),
		composeFile("unknown field", service("imagee: x"), "4", "imagee"),
		composeFile("wrong type", service("ports: 80"), "4", "ports"),
		composeFile("cycle", service("depends_on: [b]")+"  b:\n    image: x\n    depends_on: [web-blue]\n", "7", "cycle"),
		composeFile("undefined service", service("depends_on: [nothing]"), "4", "nothing"),
		composeFile("undefined network", service("networks: [nothing]"), "4", "nothing"),
		composeFile("undefined volume", service("volumes: [\"nothing:/data\"]"), "4", "nothing"),
		composeFile("missing env_file", service("env_file: none.env"), "4", "none.env"),
		composeFile("required variable", service("hostname: ${BLUEGATE_NONE:?say it}"), "4", "say it"),
		composeFile("broken interpolation", service("hostname: ${BLUEGATE_NONE"), "4", ""),
		composeFile("no services", "services: {}\n", "", "compose.blue.yml"),
		composeFile("bad duration", service("healthcheck: {test: [\"CMD\", \"true\"], interval: soon}"), "4", "soon"),
		{name: "one colour only", files: map[string]string{"compose.green.yml": "-"}, says: "no Compose files of two colours"},
		{name: "same container name", files: map[string]string{"compose.blue.yml": service("container_name: app"), "compose.green.yml": greenService + "    container_name: app\n"}, place: "compose.green.yml:2", says: "app"},
		{name: "same port", files: map[string]string{"compose.blue.yml": service("ports: [\"127.0.0.1:80:80\"]"), "compose.green.yml": greenService + "    ports: [\"80:80\"]\n"}, place: "compose.blue.yml:2", says: "80"},
		{name: "same service", files: map[string]string{"compose.blue.yml": "services: {web: {image: x}}\n", "compose.green.yml": "services: {web: {image: x}}\n"}, place: "compose.blue.yml:1", says: "one Compose project"},

		{name: "unknown flag", args: []string{"--no-such"}, says: "no-such"},
		{name: "third colour as argument", args: []string{"red"}, says: "blue or green"},
		{name: "two colours", args: []string{"blue", "green"}, says: "unexpected argument"},
		{name: "flag without a value", args: []string{"--timeout"}, says: "needs a value"},
		{name: "flag with no duration", args: []string{"--timeout", "soon"}, says: "soon"},
		{name: "negative wait", args: []string{"--wait-lock=-1s"}, says: "--wait-lock"},
		{name: "no such file", args: []string{"--config", "none.yml"}, says: "none.yml"},
		{name: "no such folder", args: []string{"--project-directory", "/none"}, says: "/none"},
		{name: "unknown form", args: []string{"--format", "yaml"}, says: "text or json"},

		{name: "variable with no duration", env: map[string]string{"BLUEGATE_GATE_STABLE": "5"}, says: `BLUEGATE_GATE_STABLE: gate.stable: invalid duration "5"`},
		{name: "variable with no word of the list", env: map[string]string{"BLUEGATE_DRAIN_THEN": "kill"}, says: "BLUEGATE_DRAIN_THEN"},
		{name: "variable of a flag", env: map[string]string{"BLUEGATE_TIMEOUT": "soon"}, says: "BLUEGATE_TIMEOUT"},
		{name: "variable with a hostile project", env: map[string]string{"BLUEGATE_PROJECT": "../x"}, says: "../x"},
		{name: "Compose's own project variable", env: map[string]string{"COMPOSE_PROJECT_NAME": "../x"}, says: "../x"},
	}
}
