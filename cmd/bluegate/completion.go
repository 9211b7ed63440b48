package main

import (
	"bytes"
	_ "embed"
	"io"

	"github.com/spf13/cobra"
	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/config/strict"
	"bluegate/deploy/model"
)

// bashCompletion is a script for bash alone: cobra's needs the package bash-completion.
//
//go:embed completion.bash
var bashCompletion string

// completion prints the script with which a shell completes bluegate's command lines.
func (c *command) completion(ctx *cli.Context) error {
	if ctx.NArg() != 1 {
		return model.Invalid("name one shell: bluegate completion bash|zsh|fish|powershell")
	}
	root := &cobra.Command{Use: "bluegate"}
	var script bytes.Buffer
	var err error
	switch shell := ctx.Args().First(); shell {
	case "bash":
		script.WriteString(bashCompletion)
	case "zsh":
		err = root.GenZshCompletion(&script)
	case "fish":
		err = root.GenFishCompletion(&script, true)
	case "powershell":
		err = root.GenPowerShellCompletionWithDesc(&script)
	default:
		return model.Invalid("unknown shell %q: must be bash, zsh, fish or powershell%s", shell, strict.Suggest(shell, []string{"bash", "zsh", "fish", "powershell"}))
	}
	if err == nil {
		_, err = io.Copy(c.Stdout, &script)
	}
	return err
}
