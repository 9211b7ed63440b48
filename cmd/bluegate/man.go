package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/cpuguy83/go-md2man/v2/md2man"
	"github.com/urfave/cli/v2"
)

// man prints the manual page. It is made from the commands and flags, so that packages have what the program has.
func (c *command) man(*cli.Context) error {
	_, err := c.Stdout.Write(md2man.Render([]byte(c.manual())))
	return err
}

// manual is the manual page as Markdown.
func (c *command) manual() string {
	app := c.app()
	var b strings.Builder
	fmt.Fprintf(&b, "%% BLUEGATE 1 \"\" \"bluegate %s\" \"User Commands\"\n\n# NAME\nbluegate - %s\n\n# SYNOPSIS\n**bluegate** *COMMAND* [*ARGUMENTS*] [*FLAGS*]\n\n", version, app.Usage)
	b.WriteString("# DESCRIPTION\nbluegate starts the idle colour of a Docker Compose application, waits until every new container is healthy and stays healthy, points nginx at it, proves that nginx serves it, waits until the old colour has no requests left, and only then stops the old colour. What fails before the switch is removed, and users never notice. Flags may be before or after the command and its argument.\n\n")
	b.WriteString("# COMMANDS\n")
	for _, cmd := range c.commands() {
		if cmd.Hidden {
			continue
		}
		fmt.Fprintf(&b, "### %s %s\n%s\n\n", cmd.Name, cmd.ArgsUsage, sentence(cmd.Usage))
		writeManFlags(&b, cmd.Flags)
	}
	b.WriteString("# FLAGS OF ALL COMMANDS\n")
	writeManFlags(&b, globalFlags())
	fmt.Fprintf(&b, "# EXIT STATUS\n```\n%s```\n\n", strings.TrimPrefix(exitCodes, "EXIT CODES:\n"))
	b.WriteString("# FILES\n**bluegate.yml**\n: the configuration, in the project directory; `bluegate schema config` prints its schema. Every key can also be set in the environment: `BLUEGATE_GATE_TIMEOUT` is `gate.timeout`.\n\n# SEE ALSO\n**docker**(1), **docker-compose**(1), **nginx**(8)\n")
	return b.String()
}

func writeManFlags(w io.Writer, flags []cli.Flag) {
	for _, f := range flags {
		documented, ok := f.(cli.DocGenerationFlag)
		if !ok {
			continue
		}
		var names []string
		for _, name := range f.Names() {
			names = append(names, "**"+strings.Repeat("-", min(len(name), 2))+name+"**")
		}
		text := sentence(strings.ReplaceAll(documented.GetUsage(), "`", "*"))
		if env := documented.GetEnvVars(); len(env) > 0 {
			text += " Environment: " + strings.Join(env, ", ") + "."
		}
		fmt.Fprintf(w, "%s\n: %s\n\n", strings.Join(names, ", "), text)
	}
}

// sentence makes a sentence of a usage text.
func sentence(text string) string {
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
