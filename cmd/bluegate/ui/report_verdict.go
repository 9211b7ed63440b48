package ui

import "fmt"

// verdicts writes what the requests of users said of the release, one line for each window.
func (t *text) verdicts() {
	for _, v := range t.r.Verdicts {
		t.item("", fmt.Sprintf("%s: %s: %s", v.During, v.Decision, v.Summary()))
	}
}
