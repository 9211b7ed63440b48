package compose

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/client"

	"bluegate/deploy/model"
)

// answers is an engine that is a function.
type answers func(*http.Request) (*http.Response, error)

func (a answers) RoundTrip(req *http.Request) (*http.Response, error) { return a(req) }

func (a answers) engine(t *testing.T) *Engine {
	t.Helper()
	c, err := client.NewClientWithOpts(client.WithVersion("1.41"), client.WithHTTPClient(&http.Client{Transport: a}))
	if err != nil {
		t.Fatal(err)
	}
	return &Engine{Client: c, Endpoint: "unix:///fake.sock"}
}

func status(code int) (*http.Response, error) {
	return &http.Response{StatusCode: code, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"message":"x"}`))}, nil
}

// held is a lease that was just taken.
func (a answers) held(t *testing.T) *lease {
	return NewLedger(a.engine(t)).hold(t.Context(), "id", time.Now().Add(leaseLength))
}

// lostAfter is how long a lease lasts on an engine; the engine is told how old the lease is.
func lostAfter(t *testing.T, limit time.Duration, engine func(age time.Duration, req *http.Request) (*http.Response, error)) (after time.Duration, lost bool) {
	t.Helper()
	began := time.Now()
	l := answers(func(req *http.Request) (*http.Response, error) { return engine(time.Since(began), req) }).held(t)
	defer func() { _ = l.Release(t.Context()) }()
	select {
	case <-l.Lost():
		return time.Since(began), true
	case <-time.After(limit):
		return 0, false
	}
}

func hangs(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

func TestLeaseIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var renewals atomic.Int32
		_, lost := lostAfter(t, time.Hour, func(_ time.Duration, req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPut {
				renewals.Add(1)
			}
			return status(http.StatusOK)
		})
		if lost || renewals.Load() < 350 {
			t.Errorf("lost %t after %d renewals in an hour", lost, renewals.Load())
		}
	})
}

// Whatever the engine does, and whenever it begins: the holder stops before anybody else may take the lock.
func TestLeaseIsLostBeforeItEnds(t *testing.T) {
	for name, fault := range map[string]func(*http.Request) (*http.Response, error){
		"refuses":      func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") },
		"stands still": hangs,
		"errs":         func(*http.Request) (*http.Response, error) { return status(http.StatusInternalServerError) },
	} {
		t.Run(name, func(t *testing.T) {
			for fails := time.Duration(0); fails < 40*time.Second; fails += 1300 * time.Millisecond {
				synctest.Test(t, func(t *testing.T) {
					ends := leaseLength // by what the engine has
					after, lost := lostAfter(t, 5*time.Minute, func(age time.Duration, req *http.Request) (*http.Response, error) {
						if age >= fails {
							return fault(req)
						}
						ends = age + leaseLength
						return status(http.StatusOK)
					})
					if !lost || after >= ends {
						t.Errorf("with an engine that %s from %s on: lost %t after %s, and the lease ends at %s", name, fails, lost, after, ends)
					}
				})
			}
		})
	}
}

func TestLeaseSurvivesAShortSilence(t *testing.T) {
	for name, fault := range map[string]func(*http.Request) (*http.Response, error){
		"refuses": func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") },
		"hangs":   hangs,
	} {
		synctest.Test(t, func(t *testing.T) {
			after, lost := lostAfter(t, 10*time.Minute, func(age time.Duration, req *http.Request) (*http.Response, error) {
				if age%time.Minute < 12*time.Second {
					return fault(req)
				}
				return status(http.StatusOK)
			})
			if lost {
				t.Errorf("an engine that %s for 12 s of each minute: lost after %s", name, after)
			}
		})
	}
}

func TestLeaseWhoseLockWasRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		after, lost := lostAfter(t, time.Hour, func(age time.Duration, _ *http.Request) (*http.Response, error) {
			if age > 15*time.Second {
				return status(http.StatusNotFound)
			}
			return status(http.StatusOK)
		})
		if !lost || after > 15*time.Second+leaseRenewal {
			t.Errorf("lost %t after %s", lost, after)
		}
	})
}

// A release does not wait for a renewal that hangs, and bears its own question's limit.
func TestReleaseOnAnEngineThatStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := answers(hangs).held(t)
		time.Sleep(leaseRenewal + time.Second) // a renewal is under way
		began := time.Now()
		err := l.Release(t.Context())
		var silent *model.UnreachableError
		if took := time.Since(began); took > askLimit || !errors.As(err, &silent) {
			t.Errorf("after %s: %v", took, err)
		}
	})
}
