package wire

import (
	"strings"
	"testing"
)

func TestProjectNames(t *testing.T) {
	for name, good := range map[string]bool{
		"shop": true, "shop-2": true, "a.b_c": true, "0": true, strings.Repeat("a", 63): true,
		"../x": false, "-rf": false, "$(id)": false, "Shop": false, "shöp": false, strings.Repeat("a", 64): false, "a b": false, "a/b": false, "a\n": false,
	} {
		if got := projectName.MatchString(name); got != good {
			t.Errorf("%q is taken: %t", name, got)
		}
	}
}
