package sheet

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// scanned is what one look at every byte of a file has shown. The whole file
// has to be looked at: a name that is not UTF-8 may first come up in the last
// of a million rows.
type scanned struct {
	dropped int // NUL and Ctrl-Z
	mangled int // UTF-8 that was once read as windows-1252 and saved again
	lost    int // replacement characters

	// Only counted when the file is not valid UTF-8.
	invalid int  // bytes that are not UTF-8
	wide    int  // characters of more than one byte that are
	cutOff  bool // the only bad bytes begin a character at the very end
	lf, cr  int
	win     int // letters in windows-1252, not in macintosh
	mac     int // letters in macintosh, not in windows-1252
	samples []string
}

// scan looks at a whole file in an 8-bit encoding. It costs about a fifth of a
// second a gigabyte when the file is UTF-8.
func scan(path string) (scanned, error) {
	var s scanned
	valid := true
	err := eachChunk(path, func(chunk []byte, last bool) int {
		n := len(chunk)
		if !last {
			n = wholeRunes(chunk)
		}
		valid = valid && utf8.Valid(chunk[:n])
		s.count(chunk[:n])
		return n
	})
	if err != nil || valid {
		return s, err
	}
	err = eachChunk(path, func(chunk []byte, last bool) int { return s.dissect(chunk, last) })
	return s, err
}

// eachChunk calls look with stretches of a file, the last of them marked. Look
// returns how many bytes it took; the rest comes again.
func eachChunk(path string, look func(chunk []byte, last bool) int) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	buf, held := make([]byte, 256<<10), 0
	for {
		n, err := io.ReadFull(f, buf[held:])
		held += n
		last := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !last {
			return err
		}
		took := look(buf[:held], last)
		if last {
			return nil
		}
		held = copy(buf, buf[took:held])
	}
}

// wholeRunes returns the length of chunk without a character it ends inside of.
func wholeRunes(chunk []byte) int {
	for i := len(chunk) - 1; i >= 0 && i >= len(chunk)-utf8.UTFMax; i-- {
		if utf8.RuneStart(chunk[i]) {
			if utf8.FullRune(chunk[i:]) {
				break
			}
			return i
		}
	}
	return len(chunk)
}

func (s *scanned) count(chunk []byte) {
	s.dropped += bytes.Count(chunk, []byte{0}) + bytes.Count(chunk, []byte{ctrlZ})
	s.lost += bytes.Count(chunk, []byte("\ufffd"))
	s.mangled += bytes.Count(chunk, []byte("â€"))
	for i := bytes.Index(chunk, []byte("Ã")); i >= 0; {
		rest := chunk[i+len("Ã"):]
		if r, _ := utf8.DecodeRune(rest); r >= 0x80 && r <= 0xbf {
			s.mangled++
		}
		j := bytes.Index(rest, []byte("Ã"))
		if j < 0 {
			break
		}
		i += len("Ã") + j
	}
}

// dissect counts what tells one 8-bit encoding from another.
func (s *scanned) dissect(chunk []byte, last bool) int {
	s.cutOff = false
	for i := 0; i < len(chunk); {
		b := chunk[i]
		if b < utf8.RuneSelf {
			switch b {
			case '\n':
				s.lf++
			case '\r':
				s.cr++
			}
			i++
			continue
		}
		if !last && !utf8.FullRune(chunk[i:]) {
			return i
		}
		r, size := utf8.DecodeRune(chunk[i:])
		if r == utf8.RuneError && size == 1 {
			s.invalid++
			s.cutOff = last && s.invalid == 1 && !utf8.FullRune(chunk[i:])
			s.vote(chunk, i)
			if s.cutOff {
				return len(chunk)
			}
		} else {
			s.wide++
		}
		i += size
	}
	return len(chunk)
}

// vote counts a byte beside a letter for the encoding in which it is a letter,
// and no capital within a word, as Windows would have it in JŸrgen and RenŽe.
func (s *scanned) vote(chunk []byte, i int) {
	letter := func(j int) bool {
		return j >= 0 && j < len(chunk) && (chunk[j]|0x20 >= 'a' && chunk[j]|0x20 <= 'z')
	}
	if !letter(i-1) && !letter(i+1) {
		return
	}
	asWin, asMac := charmap.Windows1252.DecodeByte(chunk[i]), charmap.Macintosh.DecodeByte(chunk[i])
	win, mac := unicode.IsLetter(asWin), unicode.IsLetter(asMac)
	within := letter(i-1) && letter(i+1) && chunk[i+1] >= 'a'
	switch {
	case win && mac && within && unicode.IsUpper(asWin) && unicode.IsLower(asMac):
		s.mac++
	case win && !mac:
		s.win++
	case mac && !win && chunk[i] != 0x92: // 0x92 is the apostrophe of O’Brien
		s.mac++
	}
	if len(s.samples) < 3 {
		s.samples = append(s.samples, string(wordAround(chunk, i)))
	}
}

// wordAround returns the word that byte i is part of.
func wordAround(chunk []byte, i int) []byte {
	inside := func(b byte) bool { return b >= 0x80 || b|0x20 >= 'a' && b|0x20 <= 'z' }
	from, to := i, i+1
	for from > 0 && i-from < 20 && inside(chunk[from-1]) {
		from--
	}
	for to < len(chunk) && to-i < 20 && inside(chunk[to]) {
		to++
	}
	return bytes.Clone(chunk[from:to])
}

// charset decides for an encoding.
func (s *scanned) charset() charset {
	c := charset{name: utf8Name, dirty: s.dropped > 0}
	switch {
	case s.invalid == 0:
	case s.cutOff, s.wide >= s.invalid:
		// By chance, other encodings hardly ever look like UTF-8: a few rows
		// were pasted in, or the end is missing.
		c.strict = true
	case s.mac >= 3 && s.mac > 4*s.win, s.win == 0 && s.lf == 0 && s.cr > 0:
		c.name, c.coding = "macintosh", charmap.Macintosh
	default:
		c.name, c.coding = "windows-1252", charmap.Windows1252
	}
	return c
}

// notes says what a person should know of the bytes, read as c.
func (s *scanned) notes(c charset) []string {
	var notes []string
	if c.coding != nil && s.invalid > 0 && len(s.samples) > 0 {
		var words []string
		for _, w := range s.samples {
			word, err := c.coding.NewDecoder().String(w)
			if err == nil {
				words = append(words, fmt.Sprintf("%q", word))
			}
		}
		notes = append(notes, fmt.Sprintf("not UTF-8, read as %s, which gives %s: if that looks wrong, name the encoding with --encoding",
			c.name, list(words, len(words))))
	} else if c.coding != nil && s.invalid > 0 {
		notes = append(notes, fmt.Sprintf("not UTF-8, read as %s", c.name))
	}
	if c.strict && !s.cutOff {
		notes = append(notes, fmt.Sprintf("%s not UTF-8, although the rest of the file is: rows with them cannot be used",
			plural(s.invalid, "byte")))
	}
	if s.mangled > 1 && c.coding == nil {
		notes = append(notes, fmt.Sprintf("looks as if accented letters were garbled before the file was saved (%d times something like %q): export it again as UTF-8",
			s.mangled, "Ã©"))
	}
	if s.lost > 0 && c.coding == nil {
		notes = append(notes, fmt.Sprintf("%s already lost when the file was saved (shown as %q)", plural(s.lost, "character"), "\ufffd"))
	}
	if s.dropped > 0 {
		notes = append(notes, fmt.Sprintf("%s dropped (NUL or Ctrl-Z)", plural(s.dropped, "control character")))
	}
	return notes
}
