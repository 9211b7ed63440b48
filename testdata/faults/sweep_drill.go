package main

import (
	"strings"

	"bluegate/deploy/model"
	"bluegate/testdata/stand"
)

// sweepDrill kills a drill at each of its points, before the engine has the call and after it, one run after the other on
// one shop. After each, settle has the colour that was live before live, with the same containers.
func sweepDrill(t *trial) {
	s := t.newShop(standOptions)
	s.wants(0, "v2", "deploy")
	ids := func() string {
		out, err := stand.Docker("ps", "-q", "--no-trunc", "--filter", "label=com.docker.compose.project="+s.Name, "--filter", "name=-green-")
		t.must(err)
		return strings.Join(strings.Fields(out), " ")
	}
	before, runs := ids(), 0
	n := 1 + t.dice.IntN(t.every)
	for ; ; n += t.every {
		wrong := len(t.wrong)
		killed, at, code := s.killedAt(n, runs%2 == 1, "v2", "drill", "--path", "/", "--path", "/signal/")
		if !killed {
			if code != 0 {
				t.errorf("an uninterrupted drill ended with %d", code)
			}
			break
		}
		runs++
		s.stands()
		s.recovers("settle", "v2")
		if live := s.stands(); live != model.Green || ids() != before {
			t.errorf("%s is live, of green run %s, and ran %s", live, ids(), before)
		}
		if len(t.wrong) > wrong {
			t.errorf("that was a kill at point %d, %s", n, at)
		}
		if len(t.wrong) > 20 {
			break
		}
	}
	s.wants(0, "v2", "rollback")
	s.holds()
	t.observe("%d kills at every %s of the points of a drill, up to point %d; then a rollback to what was kept before", runs, ordinal(t.every), n)
}
