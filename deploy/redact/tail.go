package redact

// Tail is a writer that keeps the end of what is written, where a program that gives up says why.
type Tail struct {
	Size int // how much is kept
	kept []byte
}

// Write never fails.
func (t *Tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if len(t.kept) > 2*t.Size {
		t.kept = append(t.kept[:0], t.kept[len(t.kept)-t.Size:]...)
	}
	return len(p), nil
}

// Bytes is the end.
func (t *Tail) Bytes() []byte { return t.kept[max(len(t.kept)-t.Size, 0):] }
