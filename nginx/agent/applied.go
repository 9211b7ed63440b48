package agent

import (
	"context"
	"crypto/rand"
	"errors"
	"time"
)

// Apply is what of a switch is done next to nginx, in one request: it writes files where their old content still is, looks
// at them as nginx sees them, waits until nginx's master is at rest, signals it, and waits until every worker from before
// is gone or shutting down and a new one runs. What is not proven in time is taken back: the old content is put in the
// place of the new one where that is still there, unless the lock of whoever asks has ended.
//
// It is carried to its end, also when whoever asked is gone.
type Apply struct {
	Key   string      `json:"key"` // by which it can be given up
	Files []ApplyFile `json:"files,omitempty"`
	Scope Scope       `json:"scope"`
	// Load says that nginx is signalled. Otherwise Apply ends when the master is at rest, and takes nothing back.
	Load  bool          `json:"load,omitempty"`
	Limit time.Duration `json:"limit"` // of the wait for a master at rest, and of the wait for new workers
	Reach []Reach       `json:"reach,omitempty"`
}

// ApplyFile is a file that Apply writes.
type ApplyFile struct {
	Replace
	// Own says that it is written below the agent's own root, through a mount that nginx may only read.
	Own     bool      `json:"own,omitempty"`
	OldTime time.Time `json:"old_time,omitzero"` // which the file gets back with its old content
}

// reversed is the way back.
func (f ApplyFile) reversed() Replace {
	r := f.Replace
	r.Old, r.New, r.OldLink, r.Link, r.ModTime = f.New, f.Old, f.Link, f.OldLink, f.OldTime
	return r
}

// Step is a part of an Apply.
type Step string

// The steps, in their order.
const (
	StepWrite Step = "write"
	StepLook  Step = "look" // at the files as nginx sees them
	StepRest  Step = "rest" // of the master
	StepLoad  Step = "load" // from the signal to the new workers
)

// Applied answers an Apply.
type Applied struct {
	Failed  Step       `json:"failed,omitempty"` // empty: all was done
	Why     string     `json:"why,omitempty"`
	Late    bool       `json:"late,omitempty"`     // the lock of whoever asked had ended by then
	Changed bool       `json:"changed,omitempty"`  // StepWrite, StepLook: of a file that holds something else
	File    int        `json:"file,omitempty"`     // StepWrite, StepLook: which one it is
	Written int        `json:"written,omitempty"`  // how many of the files may hold the new content, or held it
	Rest    Snapshot   `json:"rest,omitzero"`      // before the signal
	Now     Snapshot   `json:"now,omitzero"`       // at the end
	Unmoved bool       `json:"unmoved,omitempty"`  // StepLoad: the master has done with the signal, and nothing came of it
	Reached []Response `json:"reached,omitempty"`  // one for each Reach
	Back    bool       `json:"back,omitempty"`     // the old content of what was written is there again
	NotBack string     `json:"not_back,omitempty"` // why it is not
	Taken   bool       `json:"taken,omitempty"`    // a worker had taken the new content, or that cannot be told
}

// applyMargin is how much longer an Apply may take than its waits.
const applyMargin = 15 * time.Second

// giveUpLimit is how long an Apply that was given up may take to answer; giveUpPause is the pause between two requests to
// give it up.
const (
	giveUpLimit = 5 * time.Second
	giveUpPause = 100 * time.Millisecond
)

// ErrLate says that nothing was done, because the lock of whoever asks had ended.
var ErrLate = errors.New("the lock of whoever asks has ended")

// Send asks for an Apply. When ctx ends, it is given up, and its answer says what was taken back.
func Send(ctx context.Context, ask func(context.Context, Request) (Response, error), req Request) (Applied, error) {
	req.Apply.Key = rand.Text()
	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*req.Apply.Limit+applyMargin)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		limited, end := context.WithTimeout(asking, giveUpLimit)
		defer end()
		for limited.Err() == nil { // it may not have begun yet
			_, _ = ask(limited, Request{GiveUp: req.Apply.Key})
			select {
			case <-limited.Done():
			case <-time.After(giveUpPause):
			}
		}
		cancel()
	})
	defer stop()
	resp, err := ask(asking, req)
	switch {
	case err != nil:
		return Applied{}, err
	case resp.Applied == nil && resp.Late:
		return Applied{}, ErrLate
	case resp.Applied == nil:
		return Applied{}, errors.New(resp.Error)
	}
	return *resp.Applied, nil
}
