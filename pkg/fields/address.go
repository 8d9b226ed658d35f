package fields

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// flaw is what keeps a text from being one address; the zero flaw is none.
type flaw struct {
	reason, advice string
	elsewhat       bool // the text looks like something else altogether
	several        bool // there is more than one address
}

const writeAddress = "write it as name@example.com"

// plainAddress reports whether the cell is an address as nearly all are:
// ASCII, with nothing round it and no slip in it. It promises that extract
// gives the cell as it stands.
func plainAddress(cell string) bool {
	at := strings.IndexByte(cell, '@')
	if at < 1 || len(cell) > 254 || cell[0] == '=' || cell[0] == '/' || cell[0] == '#' {
		return false
	}
	return plainLocal(cell[:at]) && plainDomain(cell[at+1:]) && slipOf(cell[at+1:]) == ""
}

// plainLocal accepts the letters, digits and marks that need no thought.
func plainLocal(s string) bool {
	if len(s) > 64 || s[0] == '.' || s[len(s)-1] == '.' {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case isAlphanumeric(c), c == '_', c == '-', c == '+':
		case c == '.' && s[i-1] != '.':
		default:
			return false
		}
	}
	return true
}

// plainDomain checks the shape of a domain in ASCII; whether mail arrives
// there is not looked up.
func plainDomain(s string) bool {
	start, labels := 0, 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] != '.' {
			if !isAlphanumeric(s[i]) && s[i] != '-' {
				return false
			}
			continue
		}
		label := s[start:i]
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		start = i + 1
		labels++
	}
	top := s[strings.LastIndexByte(s, '.')+1:]
	return labels > 1 && len(top) > 1 && (top[0] < '0' || top[0] > '9')
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// extract takes the one address out of a cleaned cell, or says why it cannot.
func extract(text string) (string, flaw) {
	if reason, advice := damage(text); reason != "" {
		return "", flaw{reason: reason + ", not an e-mail address", advice: advice}
	}
	if strings.HasPrefix(text, "=") {
		return extractLink(text)
	}
	address, bad := unwrap(text)
	if bad.reason == "" {
		bad = flawOf(address)
	}
	if bad.reason == "" {
		return address, bad
	}
	if meant := mend(address); meant != "" {
		bad.advice = fmt.Sprintf("if %s is meant, write that", meant)
	}
	return "", bad
}

// extractLink takes the address out of =HYPERLINK("mailto:…","…"), by whatever
// name a spreadsheet calls the function: what it shows, else what it links to.
func extractLink(text string) (string, flaw) {
	formula := flaw{reason: "is a formula, not an e-mail address", advice: "paste the address as text"}
	parts := strings.Split(text, `"`)
	if len(parts) < 3 || !strings.HasSuffix(parts[0], "(") || strings.ContainsAny(parts[0], "&+@") {
		return "", formula
	}
	target, _ := unwrap(parts[1])
	if flawOf(target).reason != "" {
		target = ""
	}
	var shown string
	if len(parts) > 3 {
		if shown, _ = unwrap(parts[3]); flawOf(shown).reason != "" {
			shown = ""
		}
	}
	switch {
	case len(parts) > 5 || shown == "" && target == "":
		return "", formula
	case shown == "":
		return target, flaw{}
	case target != "" && SameEmail(shown) != SameEmail(target):
		return "", flaw{reason: "shows one address and links to another", advice: "paste the right one as text"}
	}
	return shown, flaw{}
}

// unwrap takes an address out of a name, brackets, quotes and mailto:.
func unwrap(text string) (string, flaw) {
	for {
		before := text
		text = strings.TrimRight(strings.TrimSpace(text), ".,; ")
		var name string
		if i := strings.LastIndexByte(text, '<'); i >= 0 && strings.HasSuffix(text, ">") {
			name, text = text[:i], text[i+1:len(text)-1]
		} else if i := strings.LastIndexByte(text, '('); i > 0 && strings.HasSuffix(text, ")") && strings.IndexByte(text[i:], '@') > 0 {
			name, text = text[:i], text[i+1:len(text)-1]
		}
		text = strings.Trim(text, " \t\n\"'`“”„‘’«»()[]<>")
		text = cutMailto(text)
		// Mail programs write "jane@example.com" <jane@example.com> for those
		// whose name they do not know.
		if strings.IndexByte(name, '@') >= 0 && SameEmail(strings.Trim(name, " \"'(<[“”")) != SameEmail(text) {
			return before, flaw{reason: "holds several addresses", advice: "keep one", several: true}
		}
		if text == before {
			return text, flaw{}
		}
	}
}

func cutMailto(text string) string {
	const scheme = "mailto:"
	if len(text) > len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
		text, _, _ = strings.Cut(text[len(scheme):], "?")
		if plain, err := url.PathUnescape(text); err == nil {
			text = plain
		}
	}
	return text
}

// flawOf says why the text is not one address.
func flawOf(address string) flaw {
	local, domain, ok := strings.Cut(address, "@")
	no := func(reason string) flaw { return flaw{reason: reason, advice: writeAddress} }
	switch {
	case len(address) > 2 && (strings.EqualFold(address[:3], "/o=") || strings.EqualFold(address[:3], "ex:")):
		return no("is an internal Exchange address, not an e-mail address")
	case !ok && strings.Contains(address, "://"):
		return flaw{reason: "is a link, not an e-mail address", advice: writeAddress, elsewhat: true}
	case !ok:
		return flaw{reason: "is not an e-mail address", advice: writeAddress, elsewhat: true}
	case strings.Count(address, "@") > 1 && strings.ContainsAny(address, ",;/ \n|:"):
		return flaw{reason: "holds several addresses", advice: "keep one", several: true}
	case strings.ContainsFunc(address, unicode.IsSpace):
		return no("is not an e-mail address: it holds a space")
	case strings.Contains(domain, "@"):
		return no("is not an e-mail address: it has more than one @")
	case local == "":
		return no("is not an e-mail address: nothing stands before the @")
	case domain == "":
		return no("is not an e-mail address: nothing stands after the @")
	case len(address) > 254 || len(local) > 64:
		return no("is longer than an e-mail address can be")
	case !goodLocal(local):
		return no("is not an e-mail address: what stands before the @ cannot")
	case strings.Contains(domain, ","):
		return no("is not an e-mail address: it has a comma where a dot should be")
	case !goodDomain(domain):
		return no("is not an e-mail address: what stands after the @ is no domain")
	case slipOf(domain) != "":
		return no("has a domain that is surely mistyped")
	}
	return flaw{}
}

// goodLocal accepts what mail servers take without quotes, in any script.
func goodLocal(local string) bool {
	if strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") || local[0] == '=' {
		return false
	}
	for _, r := range local {
		switch {
		case r < utf8.RuneSelf:
			if !isAlphanumeric(byte(r)) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r) {
				return false
			}
		case !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsNumber(r):
			return false
		}
	}
	return true
}

func goodDomain(domain string) bool {
	ascii, err := toASCII(domain)
	return err == nil && plainDomain(ascii)
}
