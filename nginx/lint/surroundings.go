package lint

// Surroundings are what only an examination asks of a place.
type Surroundings struct {
	Version version
	Name    string             // of its container; empty on a host
	First   string             // the title of the process that its container began with; empty on a host
	Folder  string             // what its Compose folder has room for, and does not hold; empty on a host
	Layer   func(string) bool  // whether a path lies in its container's own layer; nil on a host
	Stored  map[string]Storage // by the files that were asked about
}
