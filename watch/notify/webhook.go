package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"

	"bluegate/watch"
)

// webhook sends an event as JSON. The id is also in the header Idempotency-Key, for a receiver that must not act twice.
type webhook struct {
	url    string
	client *http.Client
}

// message is what a webhook receives: the event, and the same words as every other service.
type message struct {
	watch.Event
	Title string `json:"title"`
	Text  string `json:"text"`
}

func newWebhook(u *url.URL) (*webhook, error) {
	if u.Host == "" {
		return nil, fmt.Errorf("the URL has no host")
	}
	// A redirected POST becomes a GET, whose success says nothing.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &webhook{u.String(), &http.Client{Transport: http.DefaultTransport, CheckRedirect: stay, Timeout: attemptLimit}}, nil
}

func (w *webhook) send(ctx context.Context, e watch.Event) error {
	body, err := json.Marshal(message{e, Title(e), Text(e)})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "bluegate")
	r.Header.Set("Idempotency-Key", e.ID)
	answer, err := w.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, 300))
	return judge(answer, said)
}

// lasting are the answers that say that the message itself is wrong. Others may pass: a token may be set right.
var lasting = []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity}

func judge(answer *http.Response, said []byte) error {
	if answer.StatusCode/100 == 2 {
		return nil
	}
	text := "the answer was " + answer.Status
	if len(said) > 0 {
		text += ": " + string(said)
	}
	if slices.Contains(lasting, answer.StatusCode) {
		return fmt.Errorf("%w: %s", errRefused, text)
	}
	return errors.New(text)
}
