package sheet

import (
	"bytes"
	"io"
)

// maxRecord is the most that is held of one record, in bytes. Only a file that
// is not what it seems has longer ones.
const maxRecord = 8 << 20

// window shows a stretch of the input from where the next record starts. All
// offsets are counted from there, and stay true while the window grows.
type window struct {
	src  io.Reader
	buf  []byte
	r, w int
	err  error // what src said last; io.EOF at its end
}

func newWindow(src io.Reader) window {
	return window{src: src, buf: make([]byte, 64<<10)}
}

// bytes returns what has been read and not yet consumed.
func (b *window) bytes() []byte { return b.buf[b.r:b.w] }

// consume moves the start of the window on by n bytes.
func (b *window) consume(n int) { b.r += n }

// more reads on. It reports false at the end of the input, and when maxRecord
// bytes are held already.
func (b *window) more() bool {
	if b.err != nil || b.w-b.r >= maxRecord {
		return false
	}
	if b.r > 0 {
		b.w = copy(b.buf, b.buf[b.r:b.w])
		b.r = 0
	}
	if b.w == len(b.buf) {
		b.buf = append(b.buf, make([]byte, len(b.buf))...)
	}
	for range 100 {
		var n int
		n, b.err = b.src.Read(b.buf[b.w:])
		b.w += n
		if n > 0 {
			return true
		}
		if b.err != nil {
			return false
		}
	}
	b.err = io.ErrNoProgress
	return false
}

// at returns the byte at offset i, false past the end.
func (b *window) at(i int) (byte, bool) {
	for b.r+i >= b.w {
		if !b.more() {
			return 0, false
		}
	}
	return b.buf[b.r+i], true
}

// index returns the offset of the first c from offset i on, or -1 when there
// is none before offset limit or the end.
func (b *window) index(c byte, i, limit int) int {
	for {
		held := b.bytes()
		if end := min(len(held), limit); i < end {
			if j := bytes.IndexByte(held[i:end], c); j >= 0 {
				return i + j
			}
			i = end
		}
		if i >= limit || !b.more() {
			return -1
		}
	}
}

// lineEnd finds the end of the line that offset i is on: where its text ends
// and where the next line starts. LF, CR LF and CR end a line, and so does CR
// CR LF, which programs leave that write CR LF in text mode. It reports false
// when the input, or the window, ends first.
func (b *window) lineEnd(i int) (end, next int, ok bool) {
	for from := i; ; {
		held := b.bytes()
		if from < len(held) {
			rest := held[from:]
			lf := bytes.IndexByte(rest, '\n')
			if lf >= 0 {
				rest = rest[:lf]
			}
			if cr := bytes.IndexByte(rest, '\r'); cr >= 0 {
				return from + cr, b.afterCR(from + cr), true
			}
			if lf >= 0 {
				return from + lf, from + lf + 1, true
			}
			from = len(held)
		}
		if !b.more() {
			return len(b.bytes()), len(b.bytes()), false
		}
	}
}

// afterCR returns where the line after the carriage return at offset i starts.
func (b *window) afterCR(i int) int {
	const mostCRs = 8 // bounds the work on a file of nothing but CRs
	for j := i + 1; j <= i+mostCRs; j++ {
		switch c, ok := b.at(j); {
		case ok && c == '\n':
			return j + 1
		case !ok || c != '\r':
			return i + 1
		}
	}
	return i + 1
}

// skipLine consumes a line however long it is. It reports false when there
// was none left.
func (b *window) skipLine() bool {
	any := false
	for {
		_, next, ok := b.lineEnd(0)
		any = any || next > 0
		b.consume(next)
		if ok || b.err != nil {
			return any
		}
	}
}
