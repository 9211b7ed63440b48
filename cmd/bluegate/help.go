package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/ui"
	"bluegate/cmd/bluegate/ui/style"
)

// examples are for each command the two command lines that people need most, each with what it is for.
var examples = map[string][2][2]string{
	"deploy":      {{"bluegate deploy --dry-run", "what would happen"}, {"VERSION=v5 bluegate deploy", "the version that the Compose files name by VERSION"}},
	"rollback":    {{"bluegate rollback", "back to the release before"}, {"bluegate rollback --dry-run", "what would come back"}},
	"drill":       {{"bluegate drill --path / --path long=/report", "what a switch costs short and long requests"}, {"bluegate drill --allow-post --switches 4 --report junit=drill.xml", "POST requests too, for CI"}},
	"promote":     {{"bluegate promote", "make the release live that waits"}, {"bluegate promote --wait-lock 5m", "after the command that runs"}},
	"preview":     {{"bluegate preview", "at http://127.0.0.1:8080, until Ctrl-C"}, {"bluegate preview web --listen 127.0.0.1:9000", "one service, at another port"}},
	"abort":       {{"bluegate abort", "remove the release that waits"}, {"bluegate abort --format json", "for a script"}},
	"settle":      {{"bluegate settle", "after a run that was killed"}, {"bluegate settle --wait-lock 5m", "after the deployment that runs"}},
	"status":      {{"bluegate status", "what is live now"}, {"bluegate status --watch", "and whenever it changes"}},
	"health":      {{"bluegate health", "of the live colour"}, {"bluegate health green --format json", "of one colour, for a script"}},
	"doctor":      {{"bluegate doctor", "what blocks, and what costs requests or time"}, {"bluegate doctor --explain 1", "the first of it, with its remedy"}},
	"init":        {{"bluegate init --dry-run", "the bluegate.yml that would be written"}, {"bluegate init", "write it"}},
	"config":      {{"bluegate config", "each value, and where it comes from"}, {"bluegate config --format json", "for a script"}},
	"history":     {{"bluegate history", "the releases, the newest first"}, {"bluegate history show 20261120T114500-7f3a", "one release"}},
	"watch":       {{"bluegate watch", "until it is stopped"}, {"bluegate watch --once", "one look, for a script"}},
	"note":        {{`bluegate note "The database moves on Sunday."`, "for whoever reads the page"}, {`bluegate note --kind outage --about mail "The provider has trouble."`, "part of the banner"}},
	"notify":      {{"bluegate notify test", "does a message arrive?"}, {"bluegate notify test --format json", "for a script"}},
	"page":        {{"bluegate page --output /var/www/status", "for any web server"}, {"bluegate page --output site --from http://192.0.2.7:9460", "of a watch on another machine"}},
	"logs":        {{"bluegate logs green", "both services of a colour"}, {"bluegate logs green web --follow", "one service, and what comes"}},
	"completion":  {{"source <(bluegate completion bash)", "in this shell"}, {"bluegate completion fish > ~/.config/fish/completions/bluegate.fish", "in every shell"}},
	"version":     {{"bluegate version", "of bluegate, Compose and the engine"}, {"bluegate version --format json", "for a script"}},
	"help":        {{"bluegate help", "the commands"}, {"bluegate help deploy", "one command"}},
	"healthcheck": {{"bluegate healthcheck --copy-to .", "next to the Dockerfile"}, {"bluegate healthcheck --copy-to build --arch arm64", "for another architecture"}},
	"schema":      {{"bluegate schema report", "of --format json"}, {"bluegate schema config > bluegate.schema.json", "of bluegate.yml, for an editor"}},
}

// setHelp gives the program and its commands their help. A command shows its own flags; those of all commands and the
// exit codes are shown once, with the program's help.
func (c *command) setHelp(app *cli.App) {
	look := style.LookOf(c.Stdout, c.Getenv, false)
	page := ui.HelpPage{
		Usage: "bluegate COMMAND [FLAGS]", About: app.Usage + ". Flags may be before or after the command and its argument.",
		Examples: []ui.Example{{Command: "bluegate init", For: "once: detect the setup"}, {Command: "bluegate deploy", For: "each time: in place of Compose's up"}},
		More:     exitCodes,
	}
	commands := ui.HelpList{Title: "COMMANDS"}
	for _, cmd := range app.Commands {
		if !cmd.Hidden {
			commands.Items = append(commands.Items, ui.HelpItem{Name: strings.TrimSpace(cmd.Name + " " + cmd.ArgsUsage), Text: cmd.Usage})
		}
		cmd.CustomHelpTemplate = literal(ui.HelpText(commandHelp(cmd), look))
	}
	page.Lists = []ui.HelpList{commands, {Title: "FLAGS OF ALL COMMANDS", Items: flagItems(app.Flags)}}
	app.CustomAppHelpTemplate = literal(ui.HelpText(page, look))
}

// commandHelp is the page of a command that does not have the flags of all commands yet.
func commandHelp(cmd *cli.Command) ui.HelpPage {
	var shown []ui.Example
	for _, e := range examples[cmd.Name] {
		if e[0] != "" {
			shown = append(shown, ui.Example{Command: e[0], For: e[1]})
		}
	}
	return ui.HelpPage{
		Usage: strings.TrimSpace("bluegate " + cmd.Name + " " + cmd.ArgsUsage), About: cmd.Usage, Examples: shown,
		Lists: []ui.HelpList{{Title: "FLAGS", Items: flagItems(cmd.Flags)}},
		More:  "The flags of all commands (such as -f, -p, --format and --progress) and the exit codes: bluegate --help",
	}
}

// literal is a template that is a text.
func literal(text string) string { return strings.ReplaceAll(text, "{{", `{{"{{"}}`) }

// flagItems are the names of flags with their values, and what they mean.
func flagItems(flags []cli.Flag) (items []ui.HelpItem) {
	for _, f := range flags {
		documented, ok := f.(cli.DocGenerationFlag)
		if !ok {
			continue
		}
		value, usage := valueName(documented)
		var names []string
		for _, name := range f.Names() {
			names = append(names, strings.Repeat("-", min(len(name), 2))+name)
		}
		text := usage
		if def := documented.GetDefaultText(); def != "" && documented.TakesValue() && def != `""` {
			text += fmt.Sprintf(" (default: %s)", strings.Trim(def, `"`))
		}
		if env := documented.GetEnvVars(); len(env) > 0 {
			text += " [" + strings.Join(env, ", ") + "]"
		}
		items = append(items, ui.HelpItem{Name: strings.Join(names, ", ") + value, Text: text})
	}
	return items
}

// valueName is what a flag takes, which its usage has in backquotes, and the usage without them.
func valueName(f cli.DocGenerationFlag) (value, usage string) {
	usage = f.GetUsage()
	if !f.TakesValue() {
		return "", usage
	}
	if before, rest, ok := strings.Cut(usage, "`"); ok {
		if name, after, ok := strings.Cut(rest, "`"); ok {
			return " " + name, before + name + after
		}
	}
	if _, ok := f.(*cli.DurationFlag); ok {
		return " DURATION", usage
	}
	return " VALUE", usage
}
