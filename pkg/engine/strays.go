package engine

import (
	"github.com/refbulk/refbulk/pkg/ledger"
	"github.com/refbulk/refbulk/pkg/row"
)

// strays are rows that an earlier run sent without seeing an answer, and that
// the file no longer has as they were: the credit of an amount that was edited
// since. Nobody will look them up. As long as it is open what became of them,
// rows that ask for the same of the same target are held back: they may be what
// such a row has become.
//
// That concerns rows which are known by something of their own. Others keep
// their key when they are edited, and are looked up under it.
type strays struct {
	ledger *ledger.Ledger
	read   bool
	sent   map[wish][]int // the places of their keys, and of others yet to be met
	met    map[int]bool   // places whose row the file has
	alike  map[int]wish   // rows that may have to be held back
}

// wish is what is asked for, and of whom.
type wish struct{ operation, target string }

// note takes a row of the file and the place of its key.
func (s *strays) note(in *row.Intent, place int) error {
	if in.Own == 0 {
		return nil
	}
	if !s.read {
		s.read, s.sent, s.met, s.alike = true, map[wish][]int{}, map[int]bool{}, map[int]wish{}
		err := s.ledger.Unanswered(func(place int, e ledger.Entry) {
			w := wish{e.Operation, e.Target}
			s.sent[w] = append(s.sent[w], place)
		})
		if err != nil {
			return err
		}
	}
	if w := (wish{in.Operation, in.Target}); s.sent[w] != nil {
		s.met[place] = true
		s.alike[in.Row] = w
	}
	return nil
}

// holds reports whether a row has to wait until its stray is back in the file.
func (s *strays) holds(n int) bool {
	for _, place := range s.sent[s.alike[n]] {
		if !s.met[place] {
			return true
		}
	}
	return false
}
