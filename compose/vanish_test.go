package compose

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bluegate/deploy/model"
	"bluegate/testdata/enginetest"
)

const (
	forgottenRow  = `{"Id":"x","State":"running","Status":"Up","Labels":{"com.docker.compose.project":"shop","com.docker.compose.service":"was-blue"}}`
	forgottenInfo = `{"Id":"x","Name":"/shop-was-blue-1","Image":"sha256:1","State":{"Status":"running","Running":true},"Config":{"Labels":{"com.docker.compose.service":"was-blue"}}}`
)

func says(text string) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(text))}, nil
}

// quiet is a stream without data.
type quiet struct{ context.Context }

func (q quiet) Read([]byte) (int, error) {
	<-q.Done()
	return 0, q.Err()
}

func (quiet) Close() error { return nil }

// forgetful is an engine that reports a container as missing, after some time, for some time.
func forgetful(after, lasts time.Duration) enginetest.Fake {
	began := time.Now()
	knows := func() bool {
		age := time.Since(began)
		return age < after || age >= after+lasts
	}
	return func(req *http.Request) (*http.Response, error) {
		switch path := req.URL.Path; {
		case strings.HasSuffix(path, "/events"):
			return &http.Response{StatusCode: http.StatusOK, Body: quiet{req.Context()}}, nil
		case strings.HasSuffix(path, "/containers/json"):
			if knows() {
				return says("[" + forgottenRow + "]")
			}
			return says("[]")
		case knows():
			return says(forgottenInfo)
		}
		return enginetest.Status(http.StatusNotFound)
	}
}

// An engine under load may report a running container as missing, and find it again a moment later.
func TestWatchAsksAgainBeforeAContainerIsGone(t *testing.T) {
	m := model.Model{Colour: model.Blue, ComposeProject: "shop", Services: []model.Service{{Name: "was-blue"}}}
	for name, test := range map[string]struct {
		lasts time.Duration
		gone  bool
	}{
		"for a moment": {250 * time.Millisecond, false},
		"for a while":  {2500 * time.Millisecond, false},
		"for ever":     {time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &Stack{engine: forgetful(2*tick-50*time.Millisecond, test.lasts).Engine(t)}
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				samples, gone := 0, 0
				for seen := range s.Watch(ctx, m, "r1") {
					switch {
					case seen.Gone == "x":
						gone++
					case seen.Sample.ID == "x":
						samples++
					}
				}
				if samples == 0 || (gone > 0) != test.gone || gone > 1 {
					t.Errorf("seen %d times, gone %d times; want gone %t", samples, gone, test.gone)
				}
			})
		})
	}
}

// The list of all containers consists of one request per container; each of them is repeated in the same way.
func TestContainersAreAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		e := enginetest.Fake(func(req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/containers/json") {
				return says("[" + forgottenRow + "]")
			}
			if asked++; asked == 1 {
				return enginetest.Status(http.StatusNotFound)
			}
			return says(forgottenInfo)
		}).Engine(t)
		m := model.Model{Colour: model.Blue, ComposeProject: "shop", Services: []model.Service{{Name: "was-blue"}}}
		s := &Stack{engine: e}
		all, err := s.Containers(t.Context(), model.Application{Models: map[model.Colour]model.Model{model.Blue: m, model.Green: {Colour: model.Green, ComposeProject: "other"}}})
		if err != nil || len(all) != 1 {
			t.Errorf("%v, %v", all, err)
		}
	})
}
