package redact

import (
	"slices"
	"strings"
	"unicode"
)

// secretWords are the words of a name whose value is kept from every output. A "key" is one unless it is said to be
// public, and a "pass" as well as a "password".
var secretWords = []string{
	"password", "passwd", "pass", "pwd", "passphrase", "secret", "secrets", "token", "tokens", "key", "apikey", "credential",
	"credentials", "auth", "authorization", "cookie", "dsn", "salt", "webhook", "signature", "private",
}

// IsSecretName says whether a variable, label, header, query parameter or flag of this name holds a secret.
func IsSecretName(name string) bool {
	words := wordsOf(name)
	if slices.Contains(words, "public") {
		return false
	}
	return slices.ContainsFunc(words, func(w string) bool {
		return slices.Contains(secretWords, w) || strings.HasSuffix(w, "password") || strings.HasSuffix(w, "passwd") ||
			strings.HasSuffix(w, "secret") || strings.HasSuffix(w, "token") || strings.HasSuffix(w, "apikey")
	})
}

// pathWords end the names of variables that say where something lies.
var pathWords = []string{"path", "file", "dir", "directory", "folder", "home", "root", "sock", "socket"}

// isPath says whether a variable holds a path, which is no secret even where its name sounds like one: PWD,
// DB_PASSWORD_FILE, SSH_AUTH_SOCK.
func isPath(name, value string) bool {
	begins := slices.ContainsFunc([]string{"/", "./", "../", "~/"}, func(prefix string) bool { return strings.HasPrefix(value, prefix) })
	words := wordsOf(name)
	if !begins || len(words) == 0 {
		return false
	}
	return name == "PWD" || slices.Contains(pathWords, words[len(words)-1])
}

// wordsOf cuts a name at its separators and where a capital follows a small letter: DB_PASSWORD, dbPassword, db.password.
func wordsOf(name string) []string {
	var words []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
			word = word[:0]
		}
	}
	last := rune(0)
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end()
			last = 0
			continue
		case unicode.IsUpper(r) && unicode.IsLower(last):
			end()
		}
		word = append(word, r)
		last = r
	}
	end()
	return words
}
