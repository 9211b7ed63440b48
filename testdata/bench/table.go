package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// document is a text with sections between marks; what stands outside them is written by hand and stays.
type document struct {
	path     string
	sections [][2]string
}

// section prints one, and keeps it for the document.
func (d *document) section(name, text string) {
	fmt.Printf("\n%s\n", text)
	d.sections = append(d.sections, [2]string{name, text})
}

func (d *document) write() error {
	if d.path == "" {
		return nil
	}
	text, err := os.ReadFile(d.path)
	if err != nil {
		return err
	}
	out := string(text)
	for _, s := range d.sections {
		begin, end := "<!-- "+s[0]+" -->\n", "<!-- end of "+s[0]+" -->"
		head, rest, ok1 := strings.Cut(out, begin)
		_, tail, ok2 := strings.Cut(rest, end)
		if !ok1 || !ok2 {
			return fmt.Errorf("%s has no section %q", d.path, s[0])
		}
		out = head + begin + strings.TrimRight(s[1], "\n") + "\n" + end + tail
	}
	return os.WriteFile(d.path, []byte(out), 0o644)
}

// surroundings say on what the figures were measured.
func surroundings(bluegate string) (string, error) {
	engine, err1 := stand.Docker("version", "--format", "{{.Server.Version}} (API {{.Server.APIVersion}})")
	nginx, err2 := stand.Docker("run", "--rm", "--network", "none", "bluegate-nginx:1.30", "sh", "-c", "nginx -v 2>&1")
	version, err3 := exec.Command(bluegate, "--version").Output()
	cores, err4 := exec.Command("nproc").Output()
	memory, err5 := exec.Command("sh", "-c", "awk '/MemTotal/ {printf \"%.0f GiB\", $2/1048576}' /proc/meminfo").Output()
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return "", err
	}
	return fmt.Sprintf("Measured on %s with %s: %s cores, %s, engine %s, %s.", time.Now().UTC().Format("2006-01-02"),
		strings.TrimSpace(string(version)), strings.TrimSpace(string(cores)), memory, engine, nginx), nil
}

func raceTable(field []contender, results map[string][]result) string {
	var b strings.Builder
	b.WriteString("| | users on the new release | healthy to users | whole command | CPU | peak memory | calls | requests lost |\n|---|---|---|---|---|---|---|---|\n")
	for _, c := range field {
		all := results[c.name]
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %.0f | %s |\n", c.name,
			spread(all, func(r result) time.Duration { return r.toUsers }), spread(all, func(r result) time.Duration { return r.healthy }),
			spread(all, func(r result) time.Duration { return r.toEnd }), spread(all, func(r result) time.Duration { return r.cpu }),
			fmt.Sprintf("%.0f MB", median(all, func(r result) float64 { return float64(r.memory) })/1e6),
			median(all, func(r result) float64 { return float64(r.calls) }), losses(all))
	}
	return b.String()
}

// stepsTable splits bluegate's own time by step.
func stepsTable(field []contender, results map[string][]result) string {
	var b strings.Builder
	b.WriteString("| | step | median |\n|---|---|---|\n")
	for _, c := range field {
		times := map[string][]float64{}
		var order []string
		for _, r := range results[c.name] {
			for _, s := range r.steps {
				if !slices.Contains(order, s.Name) {
					order = append(order, s.Name)
				}
				times[s.Name] = append(times[s.Name], float64(s.MS))
			}
		}
		for _, name := range order {
			fmt.Fprintf(&b, "| %s | %s | %.0f ms |\n", c.name, name, middle(times[name]))
		}
	}
	return b.String()
}

func losses(all []result) string {
	lost, requests := 0, 0
	kinds := map[load.Kind]int{}
	for _, r := range all {
		lost, requests = lost+r.lost, requests+r.requests
		for kind, n := range r.lostKinds {
			kinds[kind] += n
		}
	}
	text := fmt.Sprintf("%d of %d", lost, requests)
	var parts []string
	for _, kind := range load.AllKinds() {
		if kinds[kind] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", kind, kinds[kind]))
		}
	}
	if len(parts) > 0 {
		text += " (" + strings.Join(parts, ", ") + ")"
	}
	return text
}

// spread is a median with the smallest and the largest.
func spread(all []result, of func(result) time.Duration) string {
	var values []float64
	for _, r := range all {
		values = append(values, of(r).Seconds())
	}
	if len(values) == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f s (%.2f–%.2f)", middle(values), slices.Min(values), slices.Max(values))
}

func median(all []result, of func(result) float64) float64 {
	var values []float64
	for _, r := range all {
		values = append(values, of(r))
	}
	return middle(values)
}

func middle(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.SortedFunc(slices.Values(values), cmp.Compare[float64])
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
