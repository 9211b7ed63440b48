package adopt

import (
	"slices"
	"strings"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// Blocker is one cause for which a deployment would be refused, with all that it concerns.
type Blocker struct {
	Code    string   `json:"code"`
	Message string   `json:"message"`
	Of      []string `json:"of,omitempty"` // the services and containers
	Paste   string   `json:"paste,omitempty"`
}

// Blockers groups what a report refuses a deployment for: each cause once.
func Blockers(r *report.Report) (all []Blocker) {
	if r == nil {
		return nil
	}
	for _, why := range r.Reasons {
		message, paste := cut(why.Message)
		of := why.Service
		if of == "" {
			of = why.Container
		}
		if i := slices.IndexFunc(all, func(b Blocker) bool {
			return b.Code == string(why.Code) && neutral(b.Message) == neutral(message)
		}); i >= 0 {
			if of != "" {
				all[i].Of = appendNew(all[i].Of, of)
			}
			continue
		}
		b := Blocker{Code: string(why.Code), Message: message, Paste: paste}
		if of != "" {
			b.Of = []string{of}
		}
		all = append(all, b)
	}
	if len(all) == 0 && r.Message != "" {
		message, paste := cut(r.Message)
		all = append(all, Blocker{Code: string(r.Outcome), Message: message, Paste: paste})
	}
	return all
}

// cut splits a message from the lines to paste in it: those after an empty line.
func cut(message string) (text, paste string) {
	text, paste, _ = strings.Cut(message, "\n\n")
	return text, strings.TrimSpace(paste)
}

// neutral is a message in which the colours and quoted names do not count: one cause in both colours is one cause.
func neutral(message string) string {
	var out []string
	for i, part := range strings.Split(message, `"`) {
		if i%2 == 0 {
			out = append(out, part)
		}
	}
	text := strings.Join(out, "")
	for _, colour := range model.Colours {
		text = strings.ReplaceAll(text, string(colour), "{colour}")
	}
	return text
}
