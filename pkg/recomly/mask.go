package recomly

import "io"

// masked gives an answer with stars for the value of every portalToken. Who
// holds such a token enters the advocate's portal without a password: it may
// stand in no log, error or file.
func masked(body io.Reader) io.Reader { return &maskedBody{Reader: body} }

// secretKey is the JSON key whose value is masked.
const secretKey = `"portalToken"`

// maskedBody masks as it is read, in place and without changing a length.
type maskedBody struct {
	io.Reader
	matched int  // bytes of secretKey that have just gone by
	inside  bool // in the value
	escaped bool // the byte before was a backslash in the value
}

// Read implements io.Reader.
func (b *maskedBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	for i := range n {
		p[i] = b.mask(p[i])
	}
	return n, err
}

func (b *maskedBody) mask(c byte) byte {
	switch {
	case b.inside:
		if c == '"' && !b.escaped {
			b.inside, b.matched = false, 0
			return c
		}
		b.escaped = c == '\\' && !b.escaped
		return '*'
	case b.matched == len(secretKey):
		switch c {
		case ' ', '\t', '\n', '\r', ':':
		case '"':
			b.inside, b.escaped = true, false
		default: // null, or no JSON at all
			b.matched = 0
		}
	case c == secretKey[b.matched]:
		b.matched++
	case c == secretKey[0]: // a quote stands only at the ends of the key
		b.matched = 1
	default:
		b.matched = 0
	}
	return c
}
