package page

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Chart is the bar and the curve of a check over a span. Its numbers are those of SVG.
type Chart struct {
	Title   string
	Ticks   []Tick
	Width   int
	Median  string // the path of the median
	P95     string
	Top     string // what the upper edge of the curve stands for; empty: no answer came
	Begin   time.Time
	Summary string // for who does not see the chart
	Good    string // the share of good measurements; empty: none
	Typical string // the median over the span; empty: no answer came
	Slow    string // the highest 95th percentile of a cell
}

// Tick is one cell of a bar.
type Tick struct {
	X, Y, Height int
	Class        string
	Title        string
}

const (
	tickWidth, tickStep = 4, 5
	barHeight           = 24
	curveHeight         = 40
)

func chart(s span, cells []cell) Chart {
	c := Chart{Title: s.Title, Width: len(cells)*tickStep - (tickStep - tickWidth), Begin: cells[0].from}
	var good, bad, answers int
	var top, slow, sum time.Duration
	for i, cell := range cells {
		c.Ticks = append(c.Ticks, tick(i, s, cell))
		good, bad = good+cell.good, bad+cell.bad
		top, slow = max(top, cell.p95, cell.median), max(slow, cell.p95)
		if cell.median > 0 {
			weight := max(1, cell.good+cell.bad)
			answers, sum = answers+weight, sum+cell.median*time.Duration(weight)
		}
	}
	if good+bad > 0 {
		c.Good = percent(good, good+bad)
	}
	if answers > 0 {
		top = roundUp(top)
		c.Top, c.Slow, c.Typical = span2(top), span2(slow), span2(sum/time.Duration(answers))
		c.Median = curve(cells, top, func(c cell) time.Duration { return c.median })
		c.P95 = curve(cells, top, func(c cell) time.Duration { return c.p95 })
	}
	c.Summary = summary(s, c, bad)
	return c
}

func summary(s span, c Chart, bad int) string {
	switch {
	case c.Good == "":
		return "Last " + s.Title + ": no measurements."
	case bad == 0:
		return fmt.Sprintf("Last %s: every measurement was good.", s.Title)
	}
	return fmt.Sprintf("Last %s: %s of the measurements were good, %d were not.", s.Title, c.Good, bad)
}

// tick shows the state of a cell by its colour and by its height.
func tick(i int, s span, c cell) Tick {
	class, height := "none", 4
	switch measured := c.good + c.bad; {
	case measured == 0 && c.paused > 0:
		class, height = "paused", 10
	case measured == 0 && c.unmeasured > 0:
		class, height = "unmeasured", 10
	case measured == 0:
	case c.bad == 0:
		class, height = "good", 16
	case c.bad*2 < measured:
		class, height = "mixed", 20
	default:
		class, height = "bad", barHeight
	}
	return Tick{X: i * tickStep, Y: barHeight - height, Height: height, Class: class, Title: tickTitle(s, c)}
}

func tickTitle(s span, c cell) string {
	at := c.from.UTC().Format("2 Jan 15:04 UTC")
	if s.Cell >= day {
		at = c.from.UTC().Format("2 Jan 2006")
	}
	if c.good+c.bad == 0 {
		switch {
		case c.paused > 0:
			return at + ": deployment"
		case c.unmeasured > 0:
			return at + ": could not be measured"
		}
		return at + ": no measurement"
	}
	text := fmt.Sprintf("%s: %d good, %d bad", at, c.good, c.bad)
	if c.median > 0 {
		text += ", median " + span2(c.median)
	}
	if c.said != "" && c.bad > 0 {
		text += ": " + c.said
	}
	return text
}

// curve is a path through the cells that have a value; it is interrupted where there is none.
func curve(cells []cell, top time.Duration, value func(cell) time.Duration) string {
	var path strings.Builder
	drawn := false
	for i, c := range cells {
		v := value(c)
		if v <= 0 {
			drawn = false
			continue
		}
		x, y := float64(i*tickStep)+tickWidth/2, curveHeight*(1-float64(v)/float64(top))
		if !drawn {
			fmt.Fprintf(&path, "M%.4g %.4gh.1", x, y) // a single cell is a dot
		} else {
			fmt.Fprintf(&path, "L%.4g %.4g", x, y)
		}
		drawn = true
	}
	return path.String()
}

// percent rounds so that 100 % means every one.
func percent(part, whole int) string {
	share := math.Floor(float64(part)/float64(whole)*10000) / 100
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", share), "0"), ".") + " %"
}

// roundUp is the next of 1, 2, 5, 10, 20 … milliseconds.
func roundUp(d time.Duration) time.Duration {
	for step := time.Millisecond; ; step *= 10 {
		for _, n := range []time.Duration{1, 2, 5} {
			if d <= n*step {
				return n * step
			}
		}
	}
}

// span2 writes the time of an answer with two digits: 4.2 ms, 1.3 s.
func span2(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d >= time.Second:
		return fmt.Sprintf("%.2g s", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
	case d > 0:
		return fmt.Sprintf("%.2g ms", max(0.01, float64(d)/float64(time.Millisecond)))
	}
	return ""
}
