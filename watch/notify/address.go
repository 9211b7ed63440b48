package notify

import (
	"net/url"
	"regexp"
	"strings"
)

// servicesOwn makes shoutrrr's address of a URL that Slack or Discord hands out. Any other URL stays.
func servicesOwn(u *url.URL) *url.URL {
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	switch {
	case u.Scheme != "https":
		return u
	case u.Host == "hooks.slack.com" && len(parts) == 4 && parts[0] == "services":
		return &url.URL{Scheme: "slack", User: url.UserPassword("hook", strings.Join(parts[1:], "-")), Host: "webhook"}
	case (u.Host == "discord.com" || u.Host == "discordapp.com") && len(parts) == 4 && parts[0] == "api" && parts[1] == "webhooks":
		return &url.URL{Scheme: "discord", User: url.User(parts[3]), Host: parts[2]}
	}
	return u
}

// secretPart matches the parts of an address that may be a secret, or a part of one.
var secretPart = regexp.MustCompile(`[^/?&=:@+#]+`)

// shortestPart is the length from which a part of an address is hidden.
const shortestPart = 6

// Secrets are the texts of an address that no output may contain: the address, what follows its scheme, and the parts of
// which it consists. The host of a web address stays readable.
func Secrets(address string) []string {
	_, rest, found := strings.Cut(address, "://")
	if !found {
		return []string{address}
	}
	secrets := []string{address, rest}
	u, err := url.Parse(address)
	for _, part := range secretPart.FindAllString(rest, -1) {
		web := err == nil && strings.HasPrefix(u.Scheme, "http")
		if len(part) >= shortestPart && !(web && part == u.Hostname()) && part != "services" && part != "webhooks" && part != "webhook" {
			secrets = append(secrets, part)
		}
	}
	if err != nil {
		return secrets
	}
	if own := servicesOwn(u); own != u { // an error of the service shows its own form
		secrets = append(secrets, own.String(), own.User.String())
	}
	return secrets
}
