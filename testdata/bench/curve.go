package main

import (
	"fmt"
	"slices"
	"strings"
)

// curves draws what was measured over the number of containers, in the language of Mermaid, which GitHub and GitLab
// turn into pictures.
func curves(sizes []size) string {
	if len(sizes) < 2 {
		return ""
	}
	return curve("API calls per second while waiting", "calls/s", sizes, func(s size) float64 { return s.waiting }) + "\n" +
		curve("From the last healthy event to the verdict", "ms", sizes, func(s size) float64 { return float64(s.verdict.Microseconds()) / 1000 }) + "\n" +
		curve("Peak memory", "MB", sizes, func(s size) float64 { return float64(s.memory) / 1e6 })
}

func curve(title, unit string, sizes []size, of func(size) float64) string {
	var names, values []string
	top := 0.0
	for _, s := range sizes {
		v := max(of(s), 0)
		top = max(top, v)
		names, values = append(names, fmt.Sprint(s.containers)), append(values, fmt.Sprintf("%.1f", v))
	}
	return fmt.Sprintf("```mermaid\nxychart-beta\n    title %q\n    x-axis \"containers\" [%s]\n    y-axis %q 0 --> %g\n    line [%s]\n```\n",
		title, strings.Join(names, ", "), unit, ceiling(top), strings.Join(values, ", "))
}

// ceiling is the next round number with room above the curve.
func ceiling(top float64) float64 {
	steps := []float64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000}
	at := slices.IndexFunc(steps, func(s float64) bool { return s >= top*1.1 })
	if at < 0 {
		return top * 1.2
	}
	return steps[at]
}
