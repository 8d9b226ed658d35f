package sandbox

import "strings"

const (
	codeAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	codeLength   = 8
)

// codeFor is the link code of a user: eight letters and digits, both cases
// among them. It is a function of its arguments alone, so that runs repeat and
// no generator has to be saved with the account.
func codeFor(seed uint64, id int64, attempt int) string {
	for x := mix(seed) ^ mix(uint64(id)<<16|uint64(attempt)); ; {
		x = mix(x)
		code := spell(x)
		if strings.ContainsFunc(code, isLower) && strings.ContainsFunc(code, isUpper) {
			return code
		}
	}
}

func spell(x uint64) string {
	var b [codeLength]byte
	for i := range b {
		b[i] = codeAlphabet[x%uint64(len(codeAlphabet))]
		x /= uint64(len(codeAlphabet))
	}
	return string(b[:])
}

// mix is a step of SplitMix64 (Steele, Lea, Flood 2014): equal inputs give equal
// outputs, near ones far ones.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func isLower(r rune) bool { return 'a' <= r && r <= 'z' }
func isUpper(r rune) bool { return 'A' <= r && r <= 'Z' }
