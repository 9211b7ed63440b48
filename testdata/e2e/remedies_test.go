package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
	"bluegate/testdata/sample"
	"bluegate/testdata/stand"
)

// The commands of a refusal for a file that nginx has not loaded work as they are printed, where the file names a colour
// that was stopped.
func TestRemedyOfAFileThatIsNotLoaded(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{})
	before := s.conf()
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	var r stand.Result
	eventually(t, "a refusal of the edit", func() bool { // one in the second in which the workers began is not seen
		if err := os.WriteFile(s.Conf, []byte(before), 0o644); err != nil { // by hand, and blue is stopped
			t.Fatal(err)
		}
		r = s.run([]string{"VERSION=v3"}, "deploy", "--dry-run")
		return r.Code == 3
	})
	if len(r.Report.Reasons) != 1 || r.Report.Reasons[0].Code != model.ConfigNotLoaded {
		t.Fatalf("reasons %+v", r.Report.Reasons)
	}
	if status := s.run(nil, "status"); status.Code != 5 || status.Report.State != report.StateUnknown || !strings.Contains(status.Report.Message, "last proven: green") {
		t.Errorf("status: %d, state %q: %s", status.Code, status.Report.State, status.Report.Message)
	}
	say := r.Report.Reasons[0].Message
	start := regexp.MustCompile("`(docker start [^`]+)`").FindStringSubmatch(say)
	reload := regexp.MustCompile(`\((docker exec [^)]+)\)`).FindStringSubmatch(say)
	if start == nil || reload == nil {
		t.Fatalf("it does not say what to run: %s", say)
	}
	run := func(command string) error {
		words := strings.Fields(command)
		return exec.Command(words[0], words[1:]...).Run()
	}
	if err := run(reload[1]); err == nil {
		t.Errorf("%s alone did not fail, so that there is nothing to start first", reload[1])
	}
	for _, command := range []string{start[1], reload[1]} {
		if err := run(command); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
	eventually(t, "blue is live", func() bool { r := s.run(nil, "status"); return r.Code == 0 && r.Report.Live == model.Blue })
}

// A container of nginx's that is named and not there yet does not stand in the way of a first deployment.
func TestNamedNginxThatIsNotThereYet(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := newShop(t, stand.Options{})
	s.config(quick + "nginx: {container: " + s.Nginx + "}\n")
	s.deploys(0, model.Started, nil, "blue")
	if err := s.StartNginx(); err != nil {
		t.Fatal(err)
	}
	if r := s.run(nil, "status"); r.Code != 0 || r.Report.Live != model.Blue || r.Report.State != report.StateLive {
		t.Errorf("status: %d, %q is live: %s", r.Code, r.Report.Live, r.Report.LiveBy)
	}
	s.config(quick + "nginx: {container: nope}\n")
	r := s.deploys(7, model.Unreachable, []string{"VERSION=v2"})
	for _, words := range []string{`"nope" (nginx.container, bluegate.yml:2)`, s.Nginx + " names an address of the application"} {
		if !strings.Contains(r.Report.Message, words) {
			t.Errorf("it does not say %q: %s", words, r.Report.Message)
		}
	}
}
