package check

import (
	"fmt"
	"strconv"
	"strings"
)

// Statuses is a set of HTTP statuses, written as people say it: "200", "200-399", "200,204". It is a flag.Value.
type Statuses []StatusRange

// StatusRange is one range of them.
type StatusRange struct{ First, Last int }

// Contain says whether a status is one of the set.
func (s Statuses) Contain(code int) bool {
	for _, r := range s {
		if r.First <= code && code <= r.Last {
			return true
		}
	}
	return false
}

func (s Statuses) String() string {
	parts := make([]string, len(s))
	for i, r := range s {
		parts[i] = strconv.Itoa(r.First)
		if r.Last != r.First {
			parts[i] += "-" + strconv.Itoa(r.Last)
		}
	}
	return strings.Join(parts, ",")
}

// Set replaces the set; it leaves it alone when the text is wrong.
func (s *Statuses) Set(text string) error {
	var set Statuses
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

func parseRange(text string) (StatusRange, error) {
	from, to, isRange := strings.Cut(strings.TrimSpace(text), "-")
	if !isRange {
		to = from
	}
	first, err1 := strconv.Atoi(from)
	last, err2 := strconv.Atoi(to)
	if err1 != nil || err2 != nil || first < 100 || last > 599 || first > last {
		return StatusRange{}, fmt.Errorf("%q is neither a status nor a range of statuses such as 200-299", text)
	}
	return StatusRange{first, last}, nil
}
