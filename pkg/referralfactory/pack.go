package referralfactory

import (
	"encoding/binary"
	"encoding/json"
	"strings"
)

// packer writes users as short runs of bytes and reads them back, exactly. It
// is for an index, not for a disk: words that many users share are written as
// their place in a list that lives as long as the packer.
type packer struct {
	names words // types, labels and what stands before the code in a link
	dates words
}

// pack appends a user.
func (p *packer) pack(b []byte, u *User) []byte {
	b = binary.AppendVarint(b, u.ID)
	b = binary.AppendVarint(b, u.CampaignID)
	b = appendText(b, u.Code)
	b = appendText(b, u.Email)
	b = binary.AppendVarint(b, u.ReferrerID)
	if stem, ok := strings.CutSuffix(u.URL, u.Code); ok && u.Code != "" {
		b = p.names.append(append(b, 1), stem)
	} else {
		b = appendText(append(b, 0), u.URL)
	}
	b = appendText(b, u.FirstName)
	b = p.names.append(b, u.Type)
	b = p.dates.append(b, u.SignedUpAt)
	b = p.dates.append(b, u.QualifiedAt)
	b = binary.AppendUvarint(b, uint64(len(u.Meta)))
	for _, m := range u.Meta {
		b = p.names.append(b, m.Field)
		if s, ok := m.Value.(string); ok {
			b = appendText(append(b, 1), s)
			continue
		}
		raw, err := json.Marshal(m.Value)
		if err != nil {
			raw = nil // it came as JSON, and is read back as none
		}
		b = appendText(append(b, 0), string(raw))
	}
	return b
}

// unpack reads the user that b begins with.
func (p *packer) unpack(b []byte) *User {
	r := unpacker{b: b}
	u := &User{ID: r.number(), CampaignID: r.number(), Code: r.text(), Email: r.text(), ReferrerID: r.number()}
	if r.byte() == 1 {
		u.URL = r.word(&p.names) + u.Code
	} else {
		u.URL = r.text()
	}
	u.FirstName, u.Type = r.text(), r.word(&p.names)
	u.SignedUpAt, u.QualifiedAt = r.word(&p.dates), r.word(&p.dates)
	n := r.count()
	if n > 0 {
		u.Meta = make([]MetaValue, n)
	}
	for i := range u.Meta {
		u.Meta[i].Field = r.word(&p.names)
		if r.byte() == 1 {
			u.Meta[i].Value = r.text()
		} else {
			u.Meta[i].Value = decodeAny(r.bytes())
		}
	}
	return u
}

// words are texts that stand for themselves by their place, the first mostWords
// that were met.
type words struct {
	place map[string]uint64
	list  []string
}

// mostWords bounds what texts that turn out not to be shared can cost.
const mostWords = 1 << 12

func (w *words) append(b []byte, s string) []byte {
	at, known := w.place[s]
	if !known {
		if len(w.list) == mostWords {
			return appendText(append(b, 0), s)
		}
		if w.place == nil {
			w.place = map[string]uint64{}
		}
		s = strings.Clone(s) // it may be a part of a whole page
		w.list = append(w.list, s)
		at = uint64(len(w.list))
		w.place[s] = at
	}
	return binary.AppendUvarint(b, at)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// unpacker reads what a packer wrote, and nothing else.
type unpacker struct{ b []byte }

func (r *unpacker) number() int64 {
	v, n := binary.Varint(r.b)
	r.b = r.b[n:]
	return v
}

func (r *unpacker) count() uint64 {
	v, n := binary.Uvarint(r.b)
	r.b = r.b[n:]
	return v
}

func (r *unpacker) byte() byte {
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *unpacker) bytes() []byte {
	n := r.count()
	s := r.b[:n]
	r.b = r.b[n:]
	return s
}

func (r *unpacker) text() string { return string(r.bytes()) }

func (r *unpacker) word(w *words) string {
	if at := r.count(); at > 0 {
		return w.list[at-1]
	}
	return r.text()
}
