package fields

import "strings"

// slips are ends of domains that nobody has: top levels that do not exist, and
// the great mail providers' names with two letters exchanged or one missing.
var slips = []struct{ wrong, right string }{
	{".con", ".com"}, {".cmo", ".com"}, {".ocm", ".com"}, {".comm", ".com"}, {".vom", ".com"}, {".xom", ".com"},
	{".cim", ".com"}, {".coom", ".com"}, {".cpm", ".com"}, {".nett", ".net"}, {".nte", ".net"}, {".ogr", ".org"}, {".orgg", ".org"},
	{"gmial.com", "gmail.com"}, {"gamil.com", "gmail.com"}, {"gmai.com", "gmail.com"}, {"gnail.com", "gmail.com"},
	{"gmaill.com", "gmail.com"}, {"gmali.com", "gmail.com"},
	{"hotmial.com", "hotmail.com"}, {"hotmal.com", "hotmail.com"}, {"hotmai.com", "hotmail.com"},
	{"yahooo.com", "yahoo.com"}, {"yaho.com", "yahoo.com"}, {"outlok.com", "outlook.com"}, {"outloook.com", "outlook.com"},
}

// slipOf is the domain that is meant by one that is mistyped, "" when it is
// not. A name of a provider counts only whole.
func slipOf(domain string) string {
	for _, s := range slips {
		n := len(domain) - len(s.wrong)
		if n < 0 || n > 0 && (s.wrong[0] != '.' || domain[n] != '.') {
			continue
		}
		if strings.EqualFold(domain[n:], s.wrong) {
			return domain[:n] + s.right
		}
	}
	return ""
}

// mend is the address that is meant by one with a slip that everybody sees,
// "" when there is none: gmail.con, gmail,com, a @example.com, a@@example.com.
// It is for an advice only; nothing is sent to an address that was guessed.
func mend(address string) string {
	if strings.Count(strings.ReplaceAll(address, "@@", "@"), "@") != 1 {
		return ""
	}
	meant := strings.NewReplacer("@@", "@", " @ ", "@", " @", "@", "@ ", "@", "..", ".", " .", ".", ". ", ".").Replace(address)
	local, domain, _ := strings.Cut(meant, "@")
	domain = strings.ReplaceAll(domain, ",", ".")
	if right := slipOf(domain); right != "" {
		domain = right
	}
	meant = local + "@" + domain
	if meant == address || flawOf(meant).reason != "" {
		return ""
	}
	return meant
}
