package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Load reads a state that Save wrote. A file that holds anything else is an
// error, so that pointing at the wrong file does not end in overwriting it.
func Load(path string) (State, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return State{}, fmt.Errorf("loading sandbox state: %w", err)
	}
	s, err := decodeState(bytes.NewReader(data))
	if err != nil {
		return State{}, fmt.Errorf("loading sandbox state: %q is not one: %w", path, err)
	}
	return s, nil
}

func decodeState(r io.Reader) (State, error) {
	d := json.NewDecoder(r)
	d.UseNumber()
	d.DisallowUnknownFields()
	var s State
	if err := d.Decode(&s); err != nil {
		return State{}, err
	}
	if _, err := d.Token(); err != io.EOF {
		return State{}, errors.New("something follows the state")
	}
	return s, s.check()
}

// Save writes s to path in one step, readable by its owner alone: the file is
// the old state or the new one, whatever happens.
func (s State) Save(path string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("saving sandbox state: %w", err)
	}
	if err := writeWhole(path, append(data, '\n')); err != nil {
		return fmt.Errorf("saving sandbox state: %w", err)
	}
	return nil
}

// writeWhole relies on rename being atomic inside a folder; the folder is
// synced because the rename is an entry of it. os.CreateTemp makes mode 0600.
func writeWhole(path string, data []byte) error {
	folder := filepath.Dir(path)
	f, err := os.CreateTemp(folder, "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if dir, err := os.Open(folder); err == nil {
		_ = dir.Sync() // not every system can; Windows, which cannot, journals renames
		_ = dir.Close()
	}
	return nil
}

// check finds what would make the account contradict itself, all at once.
func (s State) check() error {
	c := stateCheck{campaigns: map[int64]bool{}, users: map[int64]int64{}, rewards: map[int64]bool{}, codes: map[string]bool{}}
	for _, x := range s.Campaigns {
		c.expect(x.ID > 0 && !c.campaigns[x.ID], "campaign %d: id is not positive, or there twice", x.ID)
		c.campaigns[x.ID] = true
	}
	c.checkUsers(s.Users)
	for _, x := range s.Rewards {
		c.expect(x.ID > 0 && !c.rewards[x.ID], "reward %d: id is not positive, or there twice", x.ID)
		c.expect(c.campaigns[x.CampaignID], "reward %d: no campaign %d", x.ID, x.CampaignID)
		c.rewards[x.ID] = true
	}
	c.checkOwed(s)
	c.checkRecomly(s.Recomly)
	return errors.Join(c.errs...)
}

type stateCheck struct {
	campaigns map[int64]bool
	users     map[int64]int64 // id to campaign
	rewards   map[int64]bool
	codes     map[string]bool
	errs      []error
}

func (c *stateCheck) expect(ok bool, format string, args ...any) {
	if !ok {
		c.errs = append(c.errs, fmt.Errorf(format, args...))
	}
}

func (c *stateCheck) checkUsers(users []User) {
	for _, u := range users {
		c.expect(c.campaigns[u.CampaignID], "user %d (%s): no campaign %d", u.ID, u.Email, u.CampaignID)
		if u.Code != "" {
			c.expect(!c.codes[u.Code], "user %d (%s): code %q is there twice", u.ID, u.Email, u.Code)
			c.codes[u.Code] = true
		}
		if u.ID != 0 {
			_, twice := c.users[u.ID]
			c.expect(u.ID > 0 && !twice, "user %d: id is negative, or there twice", u.ID)
			c.users[u.ID] = u.CampaignID
		}
	}
	for _, u := range users {
		if u.ReferrerID != 0 {
			campaign, ok := c.users[u.ReferrerID]
			c.expect(ok && campaign == u.CampaignID, "user %d (%s): no referrer %d in its campaign", u.ID, u.Email, u.ReferrerID)
		}
	}
}

func (c *stateCheck) checkOwed(s State) {
	ids := map[int64]bool{}
	for _, x := range s.Due {
		_, ok := c.users[x.RecipientID]
		c.expect(ok && c.rewards[x.RewardID], "due reward %d: no recipient %d or no reward %d", x.ID, x.RecipientID, x.RewardID)
		c.expect(x.ID > 0 && !ids[x.ID], "due reward %d: id is not positive, or there twice", x.ID)
		ids[x.ID] = true
	}
	for _, x := range s.Issued {
		// The recipient of an issued reward may have been deleted since.
		c.expect(c.rewards[x.RewardID], "issued reward %d: no reward %d", x.ID, x.RewardID)
		c.expect(x.ID > 0 && !ids[x.ID], "issued reward %d: id is not positive, or there twice", x.ID)
		ids[x.ID] = true
	}
}
