// Package notify tells people what a watch or a deployment found: through the services of shoutrrr, or as JSON to a
// webhook.
//
// A Queue delivers what is in a watch.Outbox. It has its own goroutines, deadlines and limits, so that a service that does
// not answer delays neither a check nor a deployment. Addresses contain secrets: no error of this package shows one.
package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/redact"
	"bluegate/watch"
)

// Kinds are the kinds of events that a target can choose.
var Kinds = []watch.EventKind{
	watch.EventDown, watch.EventUp, watch.EventDegraded, watch.EventRefused, watch.EventRolledBack, watch.EventNeedsPerson,
	watch.EventPromoted, watch.EventHealed,
}

// DefaultKinds are those of a target that chooses none.
var DefaultKinds = Kinds[:6]

// MinRemind is the shortest time between two reminders.
const MinRemind = 5 * time.Minute

// sender sends one message. An error may contain the address: Target.Send hides it.
type sender interface {
	send(ctx context.Context, e watch.Event) error
}

// Target is where events go to.
type Target struct {
	// Name tells the service and no secret. It is the same over restarts, as long as the address is.
	Name string
	// On are the kinds of events that the target is told of.
	On []watch.EventKind
	// Remind is the time after which the target is told again of what is still down; 0: never.
	Remind time.Duration

	sender sender
	mask   *redact.Redactor
}

// NewTarget makes a target of an address: one of shoutrrr's (slack://…, smtp://…), or a URL (https://…) that receives
// JSON. It connects to nothing. The error does not show the address.
func NewTarget(address string, on []watch.EventKind, remind time.Duration) (Target, error) {
	t := Target{On: on, Remind: remind, mask: &redact.Redactor{}}
	if len(on) == 0 {
		t.On = DefaultKinds
	}
	for _, part := range Secrets(address) {
		t.mask.Add(part)
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" {
		return t, fmt.Errorf("not an address: must be a URL such as slack://…, smtp://… or https://…")
	}
	u = servicesOwn(u)
	if t.sender, err = newSender(u); err != nil {
		return t, fmt.Errorf("%s: %s", u.Scheme, t.mask.Text(err.Error()))
	}
	sum := sha256.Sum256([]byte(address))
	t.Name = u.Scheme + "-" + hex.EncodeToString(sum[:4])
	return t, t.check()
}

func newSender(u *url.URL) (sender, error) {
	if u.Scheme == "http" || u.Scheme == "https" {
		return newWebhook(u)
	}
	return newService(u)
}

// check refuses what would never be sent, and reminders that nobody would read any more.
func (t Target) check() error {
	for _, kind := range t.On {
		if !slices.Contains(Kinds, kind) {
			return fmt.Errorf("unknown kind of event %q: must be one of %s", kind, kindList())
		}
	}
	if slices.Contains(t.On, watch.EventUp) && !slices.Contains(t.On, watch.EventDown) && !slices.Contains(t.On, watch.EventDegraded) {
		return fmt.Errorf("up is sent only after down or degraded, and neither is in the list")
	}
	if t.Remind != 0 && t.Remind < MinRemind {
		return fmt.Errorf("a reminder after %s is too often: the shortest time is %s", t.Remind, MinRemind)
	}
	return nil
}

func kindList() string {
	words := make([]string, len(Kinds))
	for i, kind := range Kinds {
		words[i] = string(kind)
	}
	return strings.Join(words, ", ")
}

// wants says whether the target is told of a kind of event.
func (t Target) wants(kind watch.EventKind) bool { return slices.Contains(t.On, kind) }

// Send sends an event once. It ends with ctx, or after attemptLimit. The error does not show the address.
func (t Target) Send(ctx context.Context, e watch.Event) error {
	ctx, cancel := context.WithTimeout(ctx, attemptLimit)
	defer cancel()
	err := t.sender.send(ctx, e)
	if err == nil {
		return nil
	}
	return &SendError{Target: t.Name, Text: t.mask.Text(redact.Sanitize(err.Error())), Refused: errors.Is(err, errRefused)}
}

// errRefused is an answer that says that this message will never be accepted: sending it again does not help.
var errRefused = errors.New("the receiver refuses the message")

// SendError is why an event was not sent. It does not show the address.
type SendError struct {
	Target, Text string
	Refused      bool // the receiver refuses this event, and will the next time
}

func (e *SendError) Error() string { return e.Target + ": " + e.Text }
