package cli

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// token reads the token from its file or its variable. It is never a flag.
func (p *program) token(f *accountFlags, v vendor) (string, error) {
	if f.tokenFile != "" {
		text, err := os.ReadFile(f.tokenFile)
		if err != nil {
			return "", fmt.Errorf("reading the token: %w", err)
		}
		if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
			return "", fmt.Errorf("%s is UTF-16 text, as PowerShell and some editors write it; save the token as plain text (UTF-8 or ASCII)", f.tokenFile)
		}
		text = bytes.TrimPrefix(text, []byte("\ufeff")) // which Notepad writes before a UTF-8 text
		if token := strings.TrimSpace(string(text)); token != "" {
			return checkToken(token, f.tokenFile)
		}
		return "", fmt.Errorf("the token file %s is empty; put the API token into it", f.tokenFile)
	}
	if token, _ := p.env(v.variable); strings.TrimSpace(token) != "" {
		return checkToken(strings.TrimSpace(token), "the variable "+v.variable)
	}
	return "", fmt.Errorf("there is no API token; set the variable %s, or name a file that holds it with --token-file\n"+
		"(to rehearse without one, add --sandbox)", v.variable)
}

// checkToken refuses what cannot be a token, without showing it.
func checkToken(token, where string) (string, error) {
	if scheme, _, ok := strings.Cut(token, " "); ok && strings.EqualFold(scheme, "Bearer") {
		return "", fmt.Errorf("%s begins with %q, which is no part of the token; take that word out", where, scheme)
	}
	for _, r := range token {
		if r <= ' ' || r > '~' {
			return "", fmt.Errorf("%s holds more than a token: it has spaces, line breaks or letters that no token has", where)
		}
	}
	return token, nil
}
