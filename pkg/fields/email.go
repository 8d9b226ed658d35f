package fields

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"github.com/refbulk/refbulk/pkg/row"
)

// Email reads an address out of the ways in which exports write one:
// mailto:jane@example.com, Jane Doe <jane@example.com>, "jane@example.com".
// An empty cell is "". Anything that is not exactly one address is a problem;
// where a slip is plain, its advice says what may be meant. Case is kept.
// Email of an address that it gave is the same.
func Email(column, cell string) (string, *row.Problem) {
	if plainAddress(cell) {
		return cell, nil
	}
	return readEmail(column, cell, false)
}

// ReferrerEmail is Email for the one who referred. Under "Referred By" and
// "Referrer" many exports keep names or links: the problem of such a cell says
// how to ignore the column.
func ReferrerEmail(column, cell string) (string, *row.Problem) {
	if plainAddress(cell) {
		return cell, nil
	}
	return readEmail(column, cell, true)
}

func readEmail(column, cell string, referrer bool) (string, *row.Problem) {
	text := keyText(cell)
	if isNull(text) {
		return "", nil
	}
	address, bad := extract(text)
	if bad.reason == "" {
		return address, nil
	}
	p := &row.Problem{Column: column, Value: text, Reason: bad.reason, Advice: bad.advice}
	if referrer && bad.elsewhat {
		p.Advice = elsewise(column, "write the address of the person who referred")
	}
	return "", p
}

// SameEmail is the form in which two addresses are compared: lower case, the
// domain in ASCII. Neither vendor says how it folds case; treating two that
// differ in case alone as one person sends less, never more.
func SameEmail(address string) string {
	if isFolded(address) {
		return address
	}
	address = strings.TrimSpace(address)
	if plainASCII(address) {
		return strings.ToLower(address)
	}
	address = fold(address)
	i := strings.LastIndexByte(address, '@')
	if i < 0 {
		return address
	}
	domain := address[i+1:]
	if ascii, err := toASCII(domain); err == nil {
		domain = ascii
	}
	return address[:i+1] + domain
}

// isFolded reports whether SameEmail would leave the address as it is.
func isFolded(address string) bool {
	for i := range len(address) {
		if c := address[i]; c <= ' ' || c >= 0x7f || c >= 'A' && c <= 'Z' {
			return false
		}
	}
	return true
}

func fold(s string) string {
	return strings.TrimSpace(norm.NFKC.String(strings.ToLower(norm.NFKC.String(s))))
}

// toASCII is the domain in lower case, bücher.example as xn--bcher-kva.example.
func toASCII(domain string) (string, error) {
	lower := strings.ToLower(domain)
	if plainASCII(lower) {
		return lower, nil
	}
	return idna.Lookup.ToASCII(lower)
}
