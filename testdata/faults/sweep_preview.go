package main

// sweepPreview kills each command about a release that waits at each of its points, one run after the other on one shop.
func sweepPreview(t *trial) {
	s := t.newShop(standOptions)
	version, runs := "v2", 0
	for _, command := range [][]string{{"deploy", "--until", "preview"}, {"promote"}, {"abort"}} {
		for n := 1 + t.dice.IntN(t.every); ; n += t.every {
			wrong := len(t.wrong)
			if command[0] != "deploy" {
				s.wants(0, version, "deploy", "--until", "preview", "--replace")
			}
			killed, at, code := s.killedAt(n, n%2 == 0, version, command...)
			if killed {
				runs++
				s.stands()
			} else if code != 0 {
				t.errorf("%s, which was not interrupted, ended with %d", command[0], code)
			}
			s.wants(0, version, "deploy", "--replace")
			if len(t.wrong) > wrong {
				t.errorf("that was a kill of %s at point %d, %s", command[0], n, at)
			}
			version = other(version)
			if !killed {
				break
			}
			if len(t.wrong) > 20 {
				return
			}
		}
	}
	s.holds()
	t.observe("%d kills at every %s of the points of deploy --until preview, promote and abort", runs, ordinal(t.every))
}
