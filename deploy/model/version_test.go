package model

import (
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("0123456789ab", 6)[:64]
	for images, want := range map[string]string{
		"":                                   "",
		"app:v5":                             "v5",
		"app:v5 app:v5":                      "v5",
		"registry.example:5000/shop/app:v5":  "v5",
		"registry.example:5000/shop/app":     "app:latest",
		"app:latest worker:latest":           "app:latest, worker:latest",
		"app:v5 worker:v5":                   "v5",
		"shop/app:v5 shop/worker:w2":         "app:v5, worker:w2",
		"a:1 b:2 c:3":                        "a:1, b:2, c:3",
		"a:1 b:2 c:3 d:4":                    "a:1, b:2 and 2 more",
		"app:v5" + digest:                    "v5",
		"app" + digest:                       "0123456789ab",
		"sha256:" + strings.Repeat("a1", 32): "a1a1a1a1a1a1",
	} {
		if got := Version(strings.Fields(images)); got != want {
			t.Errorf("%q: %q, want %q", images, got, want)
		}
	}
}
