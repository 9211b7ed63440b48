package fsys

import "time"

// Failed is a Source of which nothing can be read, because of err.
func Failed(err error) Source { return failed{err} }

type failed struct{ err error }

func (f failed) Read(string) ([]byte, error)                { return nil, f.err }
func (f failed) Glob(string) ([]string, error)              { return nil, f.err }
func (f failed) Entry(name string) (Entry, string, error)   { return Entry{}, name, f.err }
func (f failed) RealDir(string) (string, error)             { return "", f.err }
func (f failed) LinkTarget(string) (string, error)          { return "", f.err }
func (f failed) Tree(string) (Tree, string, error)          { return nil, "", f.err }
func (f failed) ContentChangedAt(string) (time.Time, error) { return time.Time{}, f.err }
