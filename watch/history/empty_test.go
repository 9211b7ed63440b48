package history

import (
	"database/sql"
	"path/filepath"
	"testing"
)

// A process that was killed while it made the file leaves an empty database in the mode that SQLite begins with. The next
// one uses it; one that has a table is another program's.
func TestEmptyDatabase(t *testing.T) {
	for name, test := range map[string]struct {
		statements string
		refused    bool
	}{
		"empty":      {"CREATE TABLE t (x); DROP TABLE t", false},
		"with table": {"CREATE TABLE t (x)", true},
		"with id":    {"PRAGMA application_id = 7", true},
	} {
		path := filepath.Join(t.TempDir(), "shop.db")
		db, err := sql.Open("sqlite", path)
		must(t, err)
		_, err = db.Exec(test.statements)
		must(t, err)
		must(t, db.Close())
		h, err := Open(t.Context(), path, Options{Brief: true})
		if (err != nil) != test.refused {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			must(t, h.Close())
		}
	}
}
