package fsys

// State says which of the two contents of a Replace a file has.
type State string

// What a file may hold.
const (
	HasOld   State = "old"
	HasNew   State = "new"
	HasOther State = "other"
)
