package pace

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// A disk is the state file of an account. Whoever uses it holds the lock of the account. The file is
// opened anew each time, so that one deleted or replaced meanwhile is noticed.
type disk struct {
	path   string
	header header // as last read or written; its nonce is 0 before
}

// read returns the table of the file, with at least slots slots where the file can't be believed. The note
// says why it can't, and is empty when it can or when there is nothing to know.
func (d *disk) read(boot uint64, slots int, now time.Duration) (t table, note string, err error) {
	known := d.header.nonce != 0
	raw, err := os.ReadFile(d.path)
	if errors.Is(err, fs.ErrNotExist) && !known {
		return table{}, "", d.create(boot)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return table{}, "", err
	}
	h, whole := decodeHeader(raw)
	switch {
	case !whole || known && h.boot != boot:
		d.header = header{boot: boot, nonce: random()}
		t.fit(slots, 0)
		t.doubt(now)
		return t, "it is damaged, or not a state file at all", nil
	case h.boot != boot:
		// What was sent before this boot arrived before it, and the clock counts from it. The file may
		// have lost its last changes to a power cut, so nothing else of it is believed.
		d.header = header{boot: boot, nonce: random()}
		t.fit(max(h.slots, slots), h.longest)
		t.doubt(0)
		return t, "", nil
	}
	t, note = d.believe(h, raw[headerSize:], slots, now)
	return t, note, nil
}

// create makes an empty state file, whole and for good: after a power cut, a file that is not there must
// mean that nothing was sent.
func (d *disk) create(boot uint64) (err error) {
	h := header{boot: boot, nonce: random()}
	file, err := os.OpenFile(d.path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(h.encode())
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), d.path)
	}
	if err != nil {
		os.Remove(file.Name())
		return err
	}
	if dir, err := os.Open(filepath.Dir(d.path)); err == nil {
		dir.Sync() // not every system can; where it can't, renames last without
		dir.Close()
	}
	d.header = h
	return nil
}

// believe takes a whole header at its word, and each slot that is whole.
func (d *disk) believe(h header, raw []byte, slots int, now time.Duration) (t table, note string) {
	t, torn := decodeSlots(raw, h.slots, now)
	t.longest = h.longest
	if torn > 0 {
		note = fmt.Sprintf("%d of its %d slots are damaged", torn, h.slots)
	}
	if d.header.nonce != 0 && d.header.nonce != h.nonce {
		note = "it was replaced"
		t.fit(slots, 0)
		t.doubt(now)
	}
	d.header = h
	return t, note
}

// write writes what changed: the slots before the header that vouches for them.
func (d *disk) write(t *table) (err error) {
	if t.dirty.lo == t.dirty.hi && !t.header {
		return nil
	}
	file, err := os.OpenFile(d.path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := t.writeSlots(file); err != nil {
		return err
	}
	if !t.header {
		return nil
	}
	d.header.slots, d.header.longest = len(t.slots), t.longest
	if _, err := file.WriteAt(d.header.encode(), 0); err != nil {
		return err
	}
	t.header = false
	return nil
}

func (t *table) writeSlots(w io.WriterAt) error {
	var b []byte
	for i := t.dirty.lo; i < t.dirty.hi; i++ {
		b = appendSlot(b, i, t.slots[i])
	}
	if _, err := w.WriteAt(b, headerSize+int64(t.dirty.lo)*slotSize); err != nil {
		return err
	}
	t.dirty = span{}
	return nil
}
