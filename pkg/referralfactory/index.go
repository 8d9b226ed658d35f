package referralfactory

import (
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"slices"
	"strconv"
	"sync"

	"github.com/refbulk/refbulk/pkg/fields"
)

// index keeps users in about a hundred bytes each: packed end to end in blocks
// of bytes, and found by id, by code, and by e-mail and campaign through tables
// of where each begins. The two roles of one person stand side by side. What
// is replaced or dropped leaves its bytes behind: changes are few beside what
// was listed. It is safe for concurrent use.
type index struct {
	mu     sync.RWMutex
	seed   maphash.Seed
	packer packer
	blocks [][]byte
	count  int

	byID, byCode, byEmail table
	scratch               []byte
}

// A place is the number of a block and where in it, in one number. A block
// holds blockSize bytes, or one user who needs more.
const (
	blockBits = 18
	blockSize = 1 << blockBits
)

// newIndex makes room for so many users, should they come.
func newIndex(expected int) *index {
	expected = min(expected, 1<<22) // more is believed when it is there
	x := &index{seed: maphash.MakeSeed()}
	for _, t := range []*table{&x.byID, &x.byCode, &x.byEmail} {
		t.grow(expected)
	}
	return x
}

func (x *index) len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.count
}

// put adds a user, or replaces what was known of them.
func (x *index) put(u *User) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.forget(u.ID)
	x.scratch = x.packer.pack(x.scratch[:0], u)
	at := x.store(x.scratch)
	for _, k := range x.keys(u) {
		k.table.add(k.hash, at)
	}
	x.count++
}

// drop removes a user.
func (x *index) drop(id int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.forget(id)
}

func (x *index) forget(id int64) {
	for at := range x.byID.find(x.hashID(id)) {
		if u := x.packer.unpack(x.at(at)); u.ID == id {
			for _, k := range x.keys(u) {
				k.table.remove(k.hash, at)
			}
			x.count--
			return
		}
	}
}

// store appends a packed user and gives its place.
func (x *index) store(packed []byte) uint32 {
	last := len(x.blocks) - 1
	if last < 0 || len(x.blocks[last])+len(packed) > cap(x.blocks[last]) {
		x.blocks = append(x.blocks, make([]byte, 0, max(blockSize, len(packed))))
		last++
	}
	at := uint32(last<<blockBits | len(x.blocks[last]))
	x.blocks[last] = append(x.blocks[last], packed...)
	return at
}

func (x *index) at(place uint32) []byte {
	return x.blocks[place>>blockBits][place&(blockSize-1):]
}

// user gives the user with an id, nil when it is not known.
func (x *index) user(id int64) *User {
	found := x.find(&x.byID, x.hashID(id), func(u *User) bool { return u.ID == id })
	if len(found) == 0 {
		return nil
	}
	return &found[0]
}

// withCode gives the users with a code: one, or nobody.
func (x *index) withCode(code string) []User {
	return x.find(&x.byCode, x.hash(code, 0), func(u *User) bool { return u.Code == code })
}

// withEmail gives the users of a campaign with an e-mail, compared without
// case, by rising id.
func (x *index) withEmail(email string, campaign int64) []User {
	return x.find(&x.byEmail, x.hash(fields.SameEmail(email), campaign), func(u *User) bool { return u.is(email, campaign) })
}

func (x *index) find(t *table, hash uint32, is func(*User) bool) []User {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var found []User
	for at := range t.find(hash) {
		if u := x.packer.unpack(x.at(at)); is(u) {
			found = append(found, *u)
		}
	}
	slices.SortFunc(found, func(a, b User) int { return cmp.Compare(a.ID, b.ID) })
	return found
}

// key is where a user is found in one of the tables.
type key struct {
	table *table
	hash  uint32
}

func (x *index) keys(u *User) [3]key {
	return [3]key{
		{&x.byID, x.hashID(u.ID)}, {&x.byCode, x.hash(u.Code, 0)}, {&x.byEmail, x.hash(fields.SameEmail(u.Email), u.CampaignID)},
	}
}

func (x *index) hashID(id int64) uint32 { return x.hash("", id) }

func (x *index) hash(s string, n int64) uint32 {
	var h maphash.Hash
	h.SetSeed(x.seed)
	_, _ = h.WriteString(s) // never fails
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	_, _ = h.Write(b[:])
	return uint32(h.Sum64())
}

// targeted gives the users whom a row can mean.
func (x *index) targeted(p *person) []User {
	switch {
	case p.byEmail():
		return x.withEmail(p.email, p.campaign)
	case p.id != 0:
		if u := x.user(p.id); u != nil {
			return []User{*u}
		}
		return nil
	}
	return x.withCode(p.code)
}

// identifier is how the API is asked for one user: by id where there is one.
func (p *person) identifier() string {
	if p.id != 0 {
		return strconv.FormatInt(p.id, 10)
	}
	return p.code
}
