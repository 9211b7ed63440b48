package check

// Attempts counts the attempts of one check until it has passed or failed.
type Attempts struct {
	check  Check
	Asked  int
	Passed int    // of Asked
	row    int    // passes in a row, at the end
	Why    string // of the last attempt that failed
}

// NewAttempts begins to count.
func (c Check) NewAttempts() *Attempts { return &Attempts{check: c} }

// Add takes what came of an attempt: why it failed, or nothing.
func (s *Attempts) Add(why string) {
	s.Asked++
	if why != "" {
		s.row, s.Why = 0, why
		return
	}
	s.Passed++
	s.row++
}

// Done says whether the check has passed, or failed: at the latest when its attempts are used up, and as soon as those
// that are left cannot make enough passes in a row.
func (s *Attempts) Done() (done, ok bool) {
	missing := s.check.Passes - s.row
	switch {
	case missing <= 0:
		return true, true
	case s.Asked+missing > s.check.Attempts:
		return true, false
	}
	return false, false
}
