package engine

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
)

// answers is an engine made of a function.
type answers func(*http.Request) (*http.Response, error)

func (a answers) RoundTrip(req *http.Request) (*http.Response, error) { return a(req) }

// halfABody is an answer that is cut off.
type halfABody struct{ io.Reader }

func (b halfABody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (halfABody) Close() error { return nil }

// Read requests are repeated if the engine fails to answer them; requests that change something are not.
func TestQuestionsAreRepeated(t *testing.T) {
	fails := map[string]func() (*http.Response, error){
		"500": func() (*http.Response, error) {
			return &http.Response{StatusCode: 500, Body: io.NopCloser(strings.NewReader("{}"))}, nil
		},
		"EOF": func() (*http.Response, error) { return nil, io.EOF },
		"half a body": func() (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: halfABody{strings.NewReader(`{"Id":`)}}, nil
		},
	}
	for name, fail := range fails {
		for _, test := range []struct {
			method, path string
			failures     int
			asked        int
			answered     bool
		}{
			{http.MethodGet, "/containers/json", 0, 1, true},
			{http.MethodGet, "/containers/json", 2, 3, true},
			{http.MethodGet, "/containers/json", 9, 3, false},
			{http.MethodPost, "/containers/create", 9, 1, false},
			{http.MethodDelete, "/containers/x", 9, 1, false},
			{http.MethodPut, "/containers/x/archive", 9, 1, false},
		} {
			t.Run(name+" "+test.method+test.path, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					asked := 0
					r := &repeating{once: answers(func(*http.Request) (*http.Response, error) {
						if asked++; asked <= test.failures {
							return fail()
						}
						return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader("[]"))}, nil
					})}
					req, err := http.NewRequestWithContext(t.Context(), test.method, "http://engine"+test.path, nil)
					if err != nil {
						t.Fatal(err)
					}
					resp, err := r.RoundTrip(req)
					answered := false
					if err == nil {
						text, cut := io.ReadAll(resp.Body)
						answered = resp.StatusCode == 200 && cut == nil && string(text) == "[]"
					} else if !errors.Is(err, io.EOF) {
						t.Error(err)
					}
					if asked != test.asked || answered != test.answered {
						t.Errorf("asked %d times, answered %t; want %d, %t", asked, answered, test.asked, test.answered)
					}
				})
			})
		}
	}
}
