package conf

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// atTheLimit returns words and comments about as long as nginx's buffer, with every end that they can have.
func atTheLimit() []string {
	var cases []string
	for n := bufferSize - 6; n <= bufferSize+3; n++ {
		long := strings.Repeat("x", n)
		for _, form := range []string{
			"types { a %s; }", "types { a %s ; }", "types { a %s\n;}", "types { a %s b; }", "types { a %s{} }", "types { a %s",
			"types { a '%s'; }", "types { a '%s' ; }", "types { a '%s' b; }", "types { a '%s')b; }", "types { a '%s'",
			"types { a '%s", "types { %s a; }", "types{#%s\n}", "types{#%s\n\n}", "types{#%s}", "#%s", "#%s\n", "  #%s",
			"types { \"%s\"\na; }", "types { a \\%s; }", "types { a b;%[1]s b; }", "%s", "%s;", "'%s';", "%s{}", "%[1]s '%[1]s';",
		} {
			cases = append(cases, fmt.Sprintf(form, long))
			cases = append(cases, fmt.Sprintf(strings.Repeat(" ", 1000)+"\n"+form, long))
		}
	}
	return cases
}

// A generator writes configurations that nginx takes, more often than not, and then spoils some of them.
type generator struct {
	*rand.Rand
	strings.Builder
	lua   bool
	names int
}

func generateConf(seed uint64, lua bool) string {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1)), lua: lua}
	for range 1 + g.IntN(3) {
		g.httpItem()
	}
	g.blank(false)
	config := g.String()
	if g.IntN(5) < 3 {
		for range 1 + g.IntN(3) {
			config = g.spoil(config)
		}
	}
	return config
}

func (g *generator) httpItem() {
	g.blank(false)
	switch g.IntN(8) {
	case 6:
		g.block(fmt.Sprintf("upstream u%d", g.name()), g.servers)
	case 7:
		g.block(fmt.Sprintf("map $uri $to%d", g.name()), func() {
			g.blank(false)
			g.directive(fmt.Sprintf("k%d", g.name()), g.quotedAddress("http://", ""))
		})
	case 0:
		g.types()
	case 1:
		g.block(fmt.Sprintf("map $host $map%d", g.name()), func() {
			g.blank(false)
			g.directive(fmt.Sprintf("k%d", g.name()), g.word())
		})
	case 2:
		g.directive(fmt.Sprintf("log_format f%d", g.name()), g.word(), g.word())
	case 3:
		g.directive("add_header X", g.word())
	default:
		g.block("server", g.serverItem)
	}
}

func (g *generator) serverItem() {
	g.blank(false)
	if g.lua && g.IntN(4) == 0 {
		g.luaBlock()
		return
	}
	switch g.IntN(20) {
	case 16, 17:
		g.WriteString(fmt.Sprintf("location /%d{", g.name()))
		g.blank(false)
		g.directive("proxy_pass", g.quotedAddress("http://", []string{"", "/", "/#x", "/a?b=c", "$request_uri"}[g.IntN(5)]))
		g.WriteByte('}')
	case 18, 19:
		g.directive(fmt.Sprintf("set $to%d", g.name()), g.quotedAddress("", ""))
	case 0, 1:
		g.directive("add_header X", g.word())
	case 2, 3:
		g.directive(fmt.Sprintf("set $v%d", g.IntN(3)), g.word())
	case 4, 5:
		g.directive("return 200", g.word())
	case 6, 7:
		g.block("if ($host = "+g.quoted('"')+")", func() { g.blank(false); g.directive("set $a", g.word()) })
	case 8, 9, 10, 11:
		g.types()
	case 12:
		g.directive(g.word(), g.word()) // nginx will say how it understands the name
	default:
		g.block(fmt.Sprintf("location /%d", g.name()), func() {
			g.blank(false)
			g.directive("add_header X", g.word())
		})
	}
}

func (g *generator) block(head string, item func()) {
	g.WriteString(head)
	g.blank(false)
	g.WriteByte('{')
	for range g.IntN(4) {
		item()
	}
	g.blank(false)
	g.WriteByte('}')
}

// types writes a block in which nginx takes any words, and any number of them.
func (g *generator) types() {
	g.block("types", func() {
		g.blank(false)
		words := []string{g.oddWord()}
		for range g.IntN(4) {
			words = append(words, g.oddWord())
		}
		g.directive(fmt.Sprintf("k%d", g.name()), words...)
	})
}

// servers writes what an upstream has at least one of.
func (g *generator) servers() {
	g.blank(false)
	g.directive("server", g.quotedAddress("", ""))
}

// quotedAddress is one that needs no resolver, with or without quotes.
func (g *generator) quotedAddress(before, behind string) string {
	quote := []string{"", "", "\"", "'"}[g.IntN(4)]
	address := []string{"127.0.0.1:8080", "127.0.0.2", "[::1]:81", "10.1.2.3:65535"}[g.IntN(4)]
	return quote + before + address + behind + quote
}

func (g *generator) name() int {
	g.names++
	return g.names
}

func (g *generator) directive(head string, words ...string) {
	g.WriteString(head)
	for _, w := range words {
		g.blank(true)
		g.WriteString(w)
	}
	if g.IntN(4) == 0 {
		g.blank(false)
	}
	g.WriteByte(';')
}

func (g *generator) blank(must bool) {
	kinds := []string{" ", "\n", "\t", "\r\n", "  ", " # }\n", "\n#;{\"'\\\n", " #\r\n"}
	if !must {
		kinds = append(kinds, "", "", "")
	}
	g.WriteString(kinds[g.IntN(len(kinds))])
}

// pick returns up to most of the pieces.
func (g *generator) pick(most int, pieces ...string) string {
	var b strings.Builder
	for range g.IntN(most + 1) {
		b.WriteString(pieces[g.IntN(len(pieces))])
	}
	return b.String()
}

// word returns a word that nginx takes as a value.
func (g *generator) word() string {
	switch g.IntN(4) {
	case 0:
		return g.quoted('"')
	case 1:
		return g.quoted('\'')
	}
	first := []string{"a", "\\;", "\\ ", "\\{", "\\\"", "${host}", "é", ")", "=", "\\n", "\\\n", "\\'"}
	return first[g.IntN(len(first))] +
		g.pick(5, "b", "}", "#", "'", "\"", "\\;", "\\ ", "\\\\", "\\t", "\\\n", "${host}", "-$host-", "é", ")", "\\'", "\x00", "\\}")
}

// oddWord returns what only types takes: a "$" wherever it likes, and two words with nothing between them.
func (g *generator) oddWord() string {
	switch g.IntN(4) {
	case 0:
		return g.quoted('"') + ")" + g.pick(3, "a", "}", "\"", "${{a")
	case 1:
		return "$" + g.pick(5, "a", "{", "${", "}", "$", "\\{", "\"", "{{")
	}
	return g.word()
}

func (g *generator) quoted(quote byte) string {
	other := string('"' + '\'' - quote)
	return string(quote) + g.pick(6, "a", " ", ";", "{", "}", "#", "\n", "\r\n", other, "\\"+string(quote), "\\\\", "\\n", "\\x", "${host}", "\\\n") + string(quote)
}

func (g *generator) luaBlock() {
	g.WriteString([]string{"content_by_lua_block", "\"access_by_lua_block\"", "set_by_lua_block $lua", "log_by_lua_block"}[g.IntN(4)])
	g.blank(false)
	g.WriteByte('{')
	g.WriteString(g.luaCode(3))
	g.WriteByte('}')
}

func (g *generator) luaCode(depth int) string {
	code := g.pick(6, "x", " ", "\n", "=", "-", "[", "]", "--}\n", "-- '\n", "--[[ } ]]", "--[==[ ]] }\n]==]", "[[ } ]]", "[=[ ]] { ]=]",
		"'}'", "\"{\"", "'\\'}'", "\"\\\\\"", "'", "\"", "t[a[1]]", "\\", "--[=\n", "'\\\n}", "\"'}\"", ";", "#t", "]]", "[==", "--", "[[", "--[[", "é")
	if depth > 0 && g.IntN(2) == 0 {
		code += "{" + g.luaCode(depth-1) + "}" + g.luaCode(depth-1)
	}
	return code
}

// spoil changes a few bytes.
func (g *generator) spoil(config string) string {
	if config == "" {
		return "}"
	}
	at := g.IntN(len(config))
	special := []string{";", "{", "}", "\"", "'", "\\", "#", "$", " ", "\n", ")", "\r", "${", "\ufeff", "\x00", "\x0b", "--", "[["}
	switch g.IntN(5) {
	case 0:
		return config[:at] + config[at+1:]
	case 1:
		return config[:at] + special[g.IntN(len(special))] + config[at+1:]
	case 2:
		return config[:at]
	case 3:
		end := min(len(config), at+1+g.IntN(12))
		return config[:end] + config[at:]
	default:
		return config[:at] + special[g.IntN(len(special))] + config[at:]
	}
}
