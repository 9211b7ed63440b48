package main

import (
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/config"
	"bluegate/cmd/bluegate/ui"
	"bluegate/compose"
	"bluegate/compose/state"
	"bluegate/deploy/model"
	"bluegate/watch"
	"bluegate/watch/history"
)

func noteFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "kind", Usage: "`KIND` is information, warning or outage. A warning or an outage is part of the banner for a day, or until a later note about the same", Value: string(watch.Information)},
		&cli.StringFlag{Name: "about", Usage: "`WHAT` it is about: the name of a check, or other words", DefaultText: "everything"},
	}
}

// mostOfNote is the length of a note, in characters.
const mostOfNote = 2000

// note writes a message of an operator for the page. It runs nothing and asks no engine.
func (c *command) note(ctx *cli.Context) error {
	if err := c.output(ctx); err != nil {
		return err
	}
	kind, err := watch.ParseNoteKind(ctx.String("kind"))
	if err != nil {
		return &model.InvalidError{Err: err}
	}
	text := strings.TrimSpace(strings.Join(ctx.Args().Slice(), " "))
	switch {
	case text == "":
		return model.Invalid("a note needs a text: bluegate note \"We are looking at it.\"")
	case !utf8.ValidString(text) || !utf8.ValidString(ctx.String("about")):
		return model.Invalid("a note must be text in UTF-8")
	case utf8.RuneCountInString(text) > mostOfNote:
		return model.Invalid("the note has %d characters, the limit is %d", utf8.RuneCountInString(text), mostOfNote)
	}
	o, err := c.options(ctx)
	if err != nil {
		return err
	}
	past, err := c.openHistory(o)
	if err != nil {
		return err
	}
	defer past.Close()
	now := time.Now()
	by := state.Self("note", "")
	n := watch.Note{ID: watch.NewID(now), At: now.UTC(), Kind: kind, About: ctx.String("about"), Text: text, By: by.User + "@" + by.Host}
	if err := past.AddNote(c.ctx, n); err != nil {
		return err
	}
	return ui.Write(c.Stdout, c.format, ui.NoteResult{Command: "note", Outcome: model.OK, Note: n, History: past.Path()}, "noted: "+string(kind)+"; the history is "+past.Path()+"\n")
}

// projectOf is the name of what is watched. It asks no engine.
func (c *command) projectOf(o config.Options) (string, error) {
	if _, err := o.Compose.FilesFound(); err != nil && o.Watch.Alone {
		if o.Compose.Name != "" {
			return o.Compose.Name, nil
		}
		return filepath.Base(o.Compose.Dir), nil
	}
	o.Compose.OnlyWhatRuns = true
	return compose.ApplicationName(c.ctx, o.Host, o.Context, o.Compose, o.Docker...)
}

// openHistory opens the history next to a watch that may be running.
func (c *command) openHistory(o config.Options) (*history.History, error) {
	project, err := c.projectOf(o)
	if err != nil {
		return nil, err
	}
	path, err := historyPath(o, project, c.Getenv)
	if err != nil {
		return nil, err
	}
	past, err := history.Open(c.ctx, path, history.Options{Brief: true})
	if err != nil {
		return nil, &model.InvalidError{Err: err}
	}
	return past, nil
}
