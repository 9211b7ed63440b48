package engine

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"bluegate/deploy/model"
)

// Once any lease has ended, no request that changes something is sent; what only asks is. A lease that was released counts
// no more.
func TestLeasesThatEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leases := &Leases{}
		sent := 0
		transport := &repeating{once: answers(func(*http.Request) (*http.Response, error) {
			sent++
			return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
		}), leases: leases}
		allowed := func(method string) bool {
			req, err := http.NewRequestWithContext(t.Context(), method, "http://engine/containers/x", nil)
			if err != nil {
				t.Fatal(err)
			}
			before := sent
			_, err = transport.RoundTrip(req)
			if refused := errors.Is(err, model.ErrLeaseLost); refused == (sent > before) {
				t.Errorf("%s: refused %t, sent %d: %v", method, refused, sent-before, err)
			}
			return err == nil
		}
		end := time.Now().Add(30 * time.Second)
		project := leases.Hold(func() time.Time { return end })
		nginx := leases.Hold(func() time.Time { return time.Now().Add(time.Hour) })
		defer nginx()
		for _, test := range []struct {
			after time.Duration
			may   bool
		}{{0, true}, {29 * time.Second, true}, {time.Second, false}, {time.Hour, false}} {
			time.Sleep(test.after)
			for method, may := range map[string]bool{http.MethodPost: test.may, http.MethodPut: test.may, http.MethodDelete: test.may, http.MethodGet: true} {
				if allowed(method) != may {
					t.Errorf("%s until the lease ends: %s %t, want %t", time.Until(end), method, !may, may)
				}
			}
		}
		end = time.Now().Add(time.Minute) // it was renewed
		if !allowed(http.MethodDelete) {
			t.Error("a lease that was renewed")
		}
		end = time.Now().Add(-time.Minute)
		if project(); !allowed(http.MethodDelete) {
			t.Error("a lease that was released")
		}
	})
	var none *Leases
	none.Hold(time.Now)()
	if err := none.Ask(); err != nil {
		t.Error(err)
	}
}
