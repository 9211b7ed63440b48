package main

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/ui"
	"bluegate/compose/state"
	"bluegate/deploy/model"
	"bluegate/watch"
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
	past, err := c.watching().OpenHistory(c.ctx, o)
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
