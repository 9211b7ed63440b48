package main

import (
	"fmt"
	"strconv"
	"strings"
)

// statuses is a set of HTTP statuses, written as people say it: "200", "200-399", "200,204". It is a flag.Value.
type statuses []statusRange

type statusRange struct{ first, last int }

func (s statuses) contain(code int) bool {
	for _, r := range s {
		if r.first <= code && code <= r.last {
			return true
		}
	}
	return false
}

func (s statuses) String() string {
	parts := make([]string, len(s))
	for i, r := range s {
		parts[i] = strconv.Itoa(r.first)
		if r.last != r.first {
			parts[i] += "-" + strconv.Itoa(r.last)
		}
	}
	return strings.Join(parts, ",")
}

// Set replaces the set; it leaves it alone when the text is wrong.
func (s *statuses) Set(text string) error {
	var set statuses
	for part := range strings.SplitSeq(text, ",") {
		r, err := parseRange(part)
		if err != nil {
			return err
		}
		set = append(set, r)
	}
	*s = set
	return nil
}

func parseRange(text string) (statusRange, error) {
	from, to, isRange := strings.Cut(strings.TrimSpace(text), "-")
	if !isRange {
		to = from
	}
	first, err1 := strconv.Atoi(from)
	last, err2 := strconv.Atoi(to)
	if err1 != nil || err2 != nil || first < 100 || last > 599 || first > last {
		return statusRange{}, fmt.Errorf("%q is neither a status nor a range of statuses such as 200-299", text)
	}
	return statusRange{first, last}, nil
}
