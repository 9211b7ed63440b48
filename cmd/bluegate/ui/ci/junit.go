package ci

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"strings"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
)

// The elements of a JUnit report, as GitLab and Jenkins read them.
type (
	junitSuites struct {
		XMLName xml.Name   `xml:"testsuites"`
		Suite   junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string      `xml:"classname,attr"`
		Name    string      `xml:"name,attr"`
		Time    string      `xml:"time,attr"`
		Failure *junitFault `xml:"failure"`
		Error   *junitFault `xml:"error"`
		Skipped *struct{}   `xml:"skipped"`
		Out     string      `xml:"system-out,omitempty"`
	}
	junitFault struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// junit returns the report as JUnit's XML: a test for each step, and one for the command, which fails if the command did.
// A refusal is a failure; that something could not be asked, or was called wrongly, is an error.
func junit(r *report.Report) string {
	s := junitSuite{Name: "bluegate " + r.Command + before(" ", r.Project)}
	class := "bluegate." + r.Command
	for _, step := range r.Steps {
		c := junitCase{Class: class, Name: step.Name, Time: seconds(step.MS)}
		if step.Status == "skipped" {
			c.Skipped = &struct{}{}
			s.Skipped++
		}
		if step.Status == "failed" {
			c.Out = step.Message
		}
		s.Cases = append(s.Cases, c)
	}
	if r.Drill != nil {
		s.add(drillCases(r, class)...)
	}
	whole := junitCase{Class: class, Name: cmp.Or(r.Project, r.Command) + before(" ", r.Release), Time: seconds(r.DurationMS), Out: verdict(r)}
	if r.ExitCode != 0 {
		fault := &junitFault{Message: verdict(r), Type: string(r.Outcome), Text: evidence(r)}
		switch r.Outcome {
		case model.Refused, model.RolledBack, model.NotHealthy, model.NeedsPerson, model.Lost:
			whole.Failure = fault
			s.Failures++
		default:
			whole.Error = fault
			s.Errors++
		}
	}
	s.Cases = append(s.Cases, whole)
	s.Tests, s.Time = len(s.Cases), whole.Time
	text, err := xml.MarshalIndent(junitSuites{Suite: s}, "", "  ")
	if err != nil { // no value of these types fails
		return ""
	}
	return xml.Header + string(text) + "\n"
}

// evidence is why a command failed, with the last lines of the containers' logs.
func evidence(r *report.Report) string {
	var b strings.Builder
	for _, reason := range r.Reasons {
		fmt.Fprintf(&b, "%s\n", reason)
		if reason.LastProbe != "" {
			fmt.Fprintf(&b, "last probe: %s\n", strings.TrimSpace(reason.LastProbe))
		}
		for _, line := range reason.LogTail {
			fmt.Fprintf(&b, "  | %s\n", line)
		}
	}
	if len(r.Reasons) == 0 {
		fmt.Fprintf(&b, "%s\n", r.Message)
	}
	if r.Run != "" {
		fmt.Fprintf(&b, "run: %s\n", r.Run)
	}
	return b.String()
}

func seconds(ms int64) string { return fmt.Sprintf("%.3f", float64(ms)/1000) }

// add adds cases, and counts those that failed or were skipped.
func (s *junitSuite) add(cases ...junitCase) {
	for _, c := range cases {
		if c.Skipped != nil {
			s.Skipped++
		}
		if c.Failure != nil {
			s.Failures++
		}
	}
	s.Cases = append(s.Cases, cases...)
}

// drillCases are a test for each kind of user of a drill, which fails if any request of that kind was lost, unless the drill
// passed all the same.
func drillCases(r *report.Report, class string) (cases []junitCase) {
	for _, k := range r.Drill.Kinds {
		c := junitCase{Class: class + ".load", Name: k.Kind, Time: seconds(r.Drill.MS), Out: fmt.Sprintf("%d requests, %d lost, %d sent again", k.Requests, k.Lost, k.Resent)}
		if k.Skipped != "" {
			c.Skipped, c.Out = &struct{}{}, k.Skipped
		}
		if k.Lost > 0 && r.ExitCode != 0 {
			var text strings.Builder
			for _, loss := range k.Losses {
				fmt.Fprintf(&text, "%s %s: %s: %s (%d ms after switch %d)\n", loss.At.UTC().Format("15:04:05.000"), loss.Path, loss.How, loss.Message, loss.AfterMS, loss.Switch)
			}
			c.Failure = &junitFault{Message: fmt.Sprintf("%d of %d requests were lost, %d of them announced by doctor", k.Lost, k.Requests, k.Announced), Type: string(model.Lost), Text: text.String()}
		}
		cases = append(cases, c)
	}
	return cases
}
