package state

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/testdata/enginetest"
)

// heldOn is a lease that was just taken.
func heldOn(t *testing.T, a enginetest.Fake) *lease {
	return New(a.Engine(t)).hold(t.Context(), "id", time.Now().Add(leaseLength))
}

// lostAfter is how long a lease lasts on an engine; the engine is told how old the lease is.
func lostAfter(t *testing.T, limit time.Duration, engine func(age time.Duration, req *http.Request) (*http.Response, error)) (after time.Duration, lost bool) {
	t.Helper()
	began := time.Now()
	l := heldOn(t, func(req *http.Request) (*http.Response, error) { return engine(time.Since(began), req) })
	defer func() { _ = l.Release(t.Context()) }()
	select {
	case <-l.Lost():
		return time.Since(began), true
	case <-time.After(limit):
		return 0, false
	}
}

func TestLeaseIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var renewals atomic.Int32
		_, lost := lostAfter(t, time.Hour, func(_ time.Duration, req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPut {
				renewals.Add(1)
			}
			return enginetest.Status(http.StatusOK)
		})
		if lost || renewals.Load() < 350 {
			t.Errorf("lost %t after %d renewals in an hour", lost, renewals.Load())
		}
	})
}

// Whatever the engine does, and whenever it starts: the holder stops before anyone else may take the lock.
func TestLeaseIsLostBeforeItEnds(t *testing.T) {
	for name, fault := range map[string]func(*http.Request) (*http.Response, error){
		"refuses":      func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") },
		"stands still": enginetest.Hangs,
		"errs":         func(*http.Request) (*http.Response, error) { return enginetest.Status(http.StatusInternalServerError) },
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
						return enginetest.Status(http.StatusOK)
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
		"hangs":   enginetest.Hangs,
	} {
		synctest.Test(t, func(t *testing.T) {
			after, lost := lostAfter(t, 10*time.Minute, func(age time.Duration, req *http.Request) (*http.Response, error) {
				if age%time.Minute < 12*time.Second {
					return fault(req)
				}
				return enginetest.Status(http.StatusOK)
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
				return enginetest.Status(http.StatusNotFound)
			}
			return enginetest.Status(http.StatusOK)
		})
		if !lost || after > 15*time.Second+leaseRenewal {
			t.Errorf("lost %t after %s", lost, after)
		}
	})
}

// A release does not wait for a renewal that hangs, and bears its own question's limit.
func TestReleaseOnAnEngineThatStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := heldOn(t, enginetest.Hangs)
		time.Sleep(leaseRenewal + time.Second) // a renewal is under way
		began := time.Now()
		err := l.Release(t.Context())
		var silent *model.UnreachableError
		if took := time.Since(began); took > engine.AskLimit || !errors.As(err, &silent) {
			t.Errorf("after %s: %v", took, err)
		}
	})
}
