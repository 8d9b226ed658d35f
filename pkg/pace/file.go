package pace

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

const (
	// lockRetry is how long to leave the file to another process, which needs it for some 30 µs.
	lockRetry = 200 * time.Microsecond
	// lockTries bounds what Give spends on a file that others keep busy.
	lockTries = 50
	// roundsPerWindow is how often in a window the living are told from the dead, and so the share of a
	// window that a dead process's slots may come back late.
	roundsPerWindow = 60
	// linger is how long what a dead process sent may still be on its way: its system goes on sending, and
	// sends again what was lost. With a window of less than a minute it is lingerRounds, so that the slots
	// are not missed for long.
	linger       = 3 * time.Second
	lingerRounds = 3
)

// A File is the [Store] of all processes of this machine that name the same folder and account.
//
// A process killed at any instant leaves its slots behind as taken; the others see by a file lock that it
// died, leave what it had sent some time to arrive, and free them a window after that. What can't be read,
// after a restart of the machine or from a damaged or deleted file, counts as come back just now: a wait
// of one window at worst, and a warning. A file that can't be written (full disk, no permission) leaves
// this process counting alone, from what it last knew, with a warning.
type File struct {
	path  string // of the files of the account, without their endings
	clock clock
	log   *slog.Logger
	me    uint64

	mu    sync.Mutex
	lock  *flock.Flock // held while the state file is read and written
	alive *flock.Flock // held as long as this File is open; nil before its first use
	disk  disk
	table table  // as last read or written
	alone bool   // the file has failed: the table is all there is
	last  Lease  // the last one handed out
	owed  []back // what could not be written yet
	asked time.Duration
	dead  map[uint64]time.Duration // since when the owners of slots that are out are known to be
}

// back is a lease that ended: at an instant, or never if it was not used.
type back struct {
	lease Lease
	at    time.Duration
}

// OpenFile returns the Store kept in dir, which is made if need be, readable by its owner alone. account
// names whose requests are counted together, by provider and token, say; only a hash of it gets to disk.
// Nothing is touched before the first Take. A nil log discards the warnings.
func OpenFile(dir, account string, log *slog.Logger) *File {
	return openFile(dir, account, log, machineClock())
}

func openFile(dir, account string, log *slog.Logger, clock clock) *File {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	path := filepath.Join(dir, fingerprint(account))
	return &File{
		path:  path,
		clock: clock,
		log:   log,
		me:    random(),
		lock:  flock.New(path+".lock", flock.SetPermissions(0o600)),
		disk:  disk{path: path + ".state"},
		asked: never,
		dead:  map[uint64]time.Duration{},
	}
}

// fingerprint is a name for an account that gives nothing of it away.
func fingerprint(account string) string {
	sum := sha256.Sum256([]byte("refbulk pace\x00" + account))
	return hex.EncodeToString(sum[:12])
}

// random is never 0.
func random() uint64 {
	var b [8]byte
	rand.Read(b[:]) // it never fails
	return binary.LittleEndian.Uint64(b[:]) | 1
}

// Take implements [Store]. When another process has the file, it says to ask again at once.
func (f *File) Take(_ context.Context, limit int, window time.Duration) (Lease, time.Duration, error) {
	var lease Lease
	wait := lockRetry
	f.exclusively(limit, window, func(now time.Duration) {
		lease, wait = f.take(limit, window, now)
	})
	return lease, wait, nil
}

func (f *File) take(limit int, window, now time.Duration) (Lease, time.Duration) {
	round := window / roundsPerWindow
	if now-f.asked >= round {
		f.asked = now
		f.buryDead(min(linger, lingerRounds*round), now)
	}
	wait := f.table.take(f.me, f.last+1, limit, window, now)
	if wait == 0 {
		f.last++
		return f.last, 0
	}
	if len(f.table.others(f.me)) > 0 { // they may die, or give a slot back unused, without a word
		wait = min(wait, max(round, lockRetry))
	}
	return 0, wait
}

// Give implements [Store]. What can't be written now is written by the next call that can, with the
// instant of this one: until then the slot stays taken, which frees nothing too early.
func (f *File) Give(lease Lease, sent bool) {
	at := never
	if sent {
		at = f.clock.now()
	}
	f.mu.Lock()
	f.owed = append(f.owed, back{lease, at})
	f.mu.Unlock()
	f.settle()
}

// settle writes what is owed, if the file is to be had.
func (f *File) settle() {
	for range lockTries {
		if f.exclusively(0, 0, func(time.Duration) {}) {
			return
		}
		time.Sleep(lockRetry)
	}
}

// exclusively runs do on the table as all processes know it, and writes what it changed. It reports false,
// having done nothing, when another process has the file.
func (f *File) exclusively(limit int, window time.Duration, do func(now time.Duration)) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.alone {
		free, err := f.enter()
		if err != nil {
			f.goAlone(err)
		} else if !free {
			return false
		} else {
			defer f.lock.Unlock()
		}
	}
	now := f.clock.now()
	if !f.alone {
		f.load(limit, now)
	}
	f.table.fit(limit, window)
	for _, b := range f.owed {
		f.table.give(f.me, b.lease, b.at)
	}
	f.owed = nil
	do(now)
	if !f.alone {
		f.save()
	}
	return true
}

// load makes the table what the file says, where the file can be believed.
func (f *File) load(limit int, now time.Duration) {
	was := f.table
	t, note, err := f.disk.read(f.clock.boot, max(limit, len(was.slots)), now)
	if err != nil {
		f.goAlone(err)
		return
	}
	if note != "" {
		f.log.Warn("the shared count of requests is not what it was: every slot it can't vouch for "+
			"counts as just used, which takes a window at most", "file", f.disk.path, "why", note)
	}
	t.fit(0, was.longest)
	t.restore(was.slots, f.me)
	f.table = t
}

func (f *File) save() {
	if err := f.disk.write(&f.table); err != nil {
		f.goAlone(err)
	}
}

// goAlone goes on with what was last known. Slots that others have out come back without our being told.
func (f *File) goAlone(err error) {
	f.alone = true
	now := f.clock.now()
	for _, owner := range f.table.others(f.me) {
		f.table.bury(owner, now)
	}
	f.log.Warn("the count of requests can't be shared: until it ends, this process counts its own alone; "+
		"run no other for the same account meanwhile", "file", f.disk.path, "error", err)
}

// Close implements [Store].
func (f *File) Close() error {
	f.mu.Lock()
	used, owing := f.alive != nil, len(f.owed) > 0
	f.mu.Unlock()
	if !used {
		return nil
	}
	if owing {
		f.settle()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.part(); err != nil {
		return fmt.Errorf("closing the shared count: %w", err)
	}
	return nil
}
