package sandbox_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

func wantSameState(t *testing.T, got, want sandbox.State) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("state differs (-want +got):\n%s", diff)
	}
}

// anyState is an account with a few people, of any names.
func anyState(t *rapid.T) sandbox.State {
	s := sandbox.Example()
	for i := range rapid.IntRange(0, 5).Draw(t, "users") {
		u := sandbox.User{
			ID: int64(i + 1), CampaignID: 1,
			Email:     rapid.StringMatching(`[a-c]{1,2}@example\.com`).Draw(t, "email"),
			FirstName: rapid.String().Draw(t, "name"),
		}
		if i > 0 && rapid.Bool().Draw(t, "invited") {
			u.ReferrerID = int64(i)
		}
		value := rapid.OneOf(
			rapid.Just[any](nil), rapid.Just[any](true), rapid.Just[any]([]any{"a", "b"}),
			rapid.Custom(func(t *rapid.T) any { return rapid.String().Draw(t, "text") }),
		).Draw(t, "value")
		u.Meta = []sandbox.Meta{{Field: "City", Value: value}}
		s.Users = append(s.Users, u)
	}
	return s
}

func TestSavedStateLoadsTheSame(t *testing.T) {
	path := filepath.Join(t.TempDir(), "account.json")
	rapid.Check(t, func(rt *rapid.T) {
		state := anyState(rt)
		want := sandbox.New(sandbox.Options{State: &state}).State()
		if err := want.Save(path); err != nil {
			rt.Fatalf("Save: %v", err)
		}
		got, err := sandbox.Load(path)
		if err != nil {
			rt.Fatalf("Load: %v", err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Errorf("Load after Save differs (-want +got):\n%s", diff)
		}
	})
}

func TestSaveIsForTheOwnerAloneAndLeavesNothingElse(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "account.json")
	for range 2 {
		if err := sandbox.Example().Save(path); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode = %o, want 600", mode)
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 1 {
		t.Errorf("folder holds %v, want the state alone", entries)
	}
}

func TestSaveNamesTheFolderThatIsNotThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nowhere", "account.json")
	if err := sandbox.Example().Save(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Save(%q) = %v, want fs.ErrNotExist", path, err)
	}
}

func TestLoadRefusesWhatIsNoState(t *testing.T) {
	tests := map[string]string{
		"an empty file":                 ``,
		"a list":                        `[]`,
		"another object":                `{"customers": []}`,
		"two states":                    `{} {}`,
		"a user of no campaign":         `{"users": [{"campaign_id": 3, "email": "a@example.com"}]}`,
		"a campaign twice":              `{"campaigns": [{"id": 1}, {"id": 1}]}`,
		"a code twice":                  `{"campaigns": [{"id": 1}], "users": [{"campaign_id": 1, "code": "a"}, {"campaign_id": 1, "code": "a"}]}`,
		"a referrer who is nobody":      `{"campaigns": [{"id": 1}], "users": [{"id": 1, "campaign_id": 1, "referrer_id": 7}]}`,
		"a due reward of no definition": `{"due": [{"id": 1, "reward_id": 2}]}`,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "account.json")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := sandbox.Load(path); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("Load = %v, want an error naming %q", err, path)
			}
			if _, err := sandbox.Open(path, sandbox.Options{}); err == nil {
				t.Error("Open took it")
			}
			if after, _ := os.ReadFile(path); string(after) != text {
				t.Errorf("the file now holds %q", after)
			}
		})
	}
}

func TestStateIsACopy(t *testing.T) {
	s := newServer(sandbox.Options{})
	want := s.State()
	got := s.State()
	got.Users[1].Meta[0].Value = "elsewhere"
	got.Users[0].Email = "changed@example.com"
	got.Campaigns[0].Fields.PersonInvited[0].Label = "changed"
	wantSameState(t, s.State(), want)
}

func TestStateFillsInWhatUsersLeaveOpen(t *testing.T) {
	state := sandbox.Example()
	state.Users = []sandbox.User{{CampaignID: 1, Email: "a@example.com"}, {ID: 5, CampaignID: 1, Email: "b@example.com"}}
	users := newServer(sandbox.Options{State: &state}).State().Users
	if users[0].ID != 5 || users[1].ID != 6 {
		t.Errorf("ids = %d, %d, want 5 kept and 6 given", users[0].ID, users[1].ID)
	}
	for _, u := range users {
		if u.Code == "" || u.URL == "" || u.Type != sandbox.PersonReferring || u.SignedUpAt != day {
			t.Errorf("user = %+v, want code, url, type and date", u)
		}
	}
}

func TestOpenKeepsTheAccountInItsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "account.json")
	for round := range 3 {
		s, err := sandbox.Open(path, sandbox.Options{Now: fixedDay})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(s.State().Users); got != round {
			t.Fatalf("round %d: %d users, want as many", round, got)
		}
		email := strings.Repeat("a", round+1) + "@example.com"
		wantStatus(t, ask(t, s, "POST", "/users", `{"campaign_id": 1, "first_name": "Jane", "email": "`+email+`"}`), 201)
		want := s.State()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := sandbox.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		wantSameState(t, got, want)
	}
}

func TestOpenSavesABusyAccountOnceASecond(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(folder, "account.json")
		s, err := sandbox.Open(path, sandbox.Options{State: populated()})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		users := func() int {
			synctest.Wait()
			saved, err := sandbox.Load(path)
			if errors.Is(err, fs.ErrNotExist) {
				return -1
			}
			if err != nil {
				t.Fatal(err)
			}
			return len(saved.Users)
		}
		ask(t, s, "DELETE", "/users/11", "")
		if got := users(); got != -1 {
			t.Errorf("at once: %d users saved, want no file yet", got)
		}
		time.Sleep(time.Second)
		if got := users(); got != 2 {
			t.Errorf("after a second: %d users saved, want 2", got)
		}
		ask(t, s, "DELETE", "/users/10", "")
		if got := users(); got != 2 {
			t.Errorf("at the next change: %d users saved, want 2 still", got)
		}
	})
}

func TestCloseReportsThatSavingFailed(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := sandbox.Open(filepath.Join(folder, "account.json"), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Close() = %v, want fs.ErrNotExist", err)
		}
	}
}

func TestSetStateRefusesAContradiction(t *testing.T) {
	s := newServer(sandbox.Options{})
	want := s.State()
	if err := s.SetState(sandbox.State{Users: []sandbox.User{{CampaignID: 4}}}); err == nil {
		t.Error("SetState took a user of no campaign")
	}
	wantSameState(t, s.State(), want)
}
