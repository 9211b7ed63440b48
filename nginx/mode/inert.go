package mode

import (
	"slices"
	"strings"

	"bluegate/nginx/conf"
)

// routing are the directives that say where requests go, or that bring others which do.
var routing = []string{"include", "upstream", "server", "location", "map", "geo", "split_clients", "set", "if", "rewrite", "return", "error_page", "try_files", "mirror", "auth_request", "auth_http", "env", "js_set", "js_content", "perl", "perl_set"}

// Inert says whether a file only sets values: timeouts, headers, types. It says nothing of where requests go, and so it is
// taken never to have said it. A file without a directive is not inert: what it held may have been taken out.
func Inert(file *conf.File) bool {
	routes := len(file.Directives) == 0
	file.Walk(func(d *conf.Directive) bool {
		routes = routes || isPass(d.Name.Value) || strings.Contains(d.Name.Value, "_by_lua") || slices.Contains(routing, d.Name.Value)
		return !routes
	})
	return !routes
}
