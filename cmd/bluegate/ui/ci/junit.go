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
	whole := junitCase{Class: class, Name: cmp.Or(r.Project, r.Command) + before(" ", r.Release), Time: seconds(r.DurationMS), Out: verdict(r)}
	if r.ExitCode != 0 {
		fault := &junitFault{Message: verdict(r), Type: string(r.Outcome), Text: evidence(r)}
		switch r.Outcome {
		case model.Refused, model.RolledBack, model.NotHealthy, model.NeedsPerson:
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
