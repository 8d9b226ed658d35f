package referralfactory

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"github.com/refbulk/refbulk/pkg/fields"
)

// User is one person in one campaign. Names and meanings are those of the
// page "User structure" of the vendor's reference; what no row and no export
// asks for is left out.
type User struct {
	ID          int64
	CampaignID  int64
	ReferrerID  int64 // 0 for nobody
	Code        string
	URL         string
	FirstName   string
	Email       string
	Type        string // Referring or Invited
	SignedUpAt  string // YYYY-MM-DD, as the API writes it
	QualifiedAt string // the same; "" for a lead that is pending, "yes" when no date is known
	Meta        []MetaValue

	// What an export alone asks for; the index does not keep it.
	Source         string // Direct, Referred, Api, …
	UnsubscribedAt string // YYYY-MM-DD; "" for no
	Analytics      *Analytics
}

// Analytics is what somebody, or a campaign, has brought; nil when it was not
// asked for.
type Analytics struct {
	Reach     int64
	Users     int64 // of a campaign
	Referrals int64
	Qualified int64 // of the referrals
}

// UnmarshalJSON reads the counts leniently.
func (a *Analytics) UnmarshalJSON(data []byte) error {
	var wire struct {
		Reach     number `json:"reach"`
		Users     number `json:"users"`
		Referrals number `json:"referrals"`
		Qualified number `json:"qualified_referrals"`
	}
	lenient(data, &wire)
	*a = Analytics{int64(wire.Reach), int64(wire.Users), int64(wire.Referrals), int64(wire.Qualified)}
	return nil
}

// Qualified reports whether the lead is qualified.
func (u *User) Qualified() bool { return u.QualifiedAt != "" }

// is reports whether the user is this person of this campaign.
func (u *User) is(email string, campaign int64) bool {
	return u.CampaignID == campaign && fields.SameEmail(u.Email) == fields.SameEmail(email)
}

// meta is the value of a campaign field, one without a value for none.
func (u *User) meta(label string) MetaValue {
	for _, m := range u.Meta {
		if strings.EqualFold(m.Field, label) && m.Value != nil {
			return m
		}
	}
	return MetaValue{Field: label}
}

// olderThan reports whether the user certainly was there before t. The API
// gives the day alone, in a time zone it does not name: a day's difference
// proves nothing.
func (u *User) olderThan(t time.Time) bool {
	day, ok := dayOf(u.SignedUpAt)
	return ok && day.Before(t.UTC().AddDate(0, 0, -2))
}

// dayOf reads the day that a date begins with.
func dayOf(date string) (time.Time, bool) {
	if date == "" {
		return time.Time{}, false
	}
	day, err := time.Parse(time.DateOnly, date[:min(len(date), len(time.DateOnly))])
	return day, err == nil
}

// wireUser is a user as answers write one, read leniently. An older answer calls
// the id user_id (help page on the logged-in experience), and lists have been
// seen with "qualified" in the place of a date.
type wireUser struct {
	ID          number          `json:"id"`
	UserID      number          `json:"user_id"`
	CampaignID  number          `json:"campaign_id"`
	ReferrerID  number          `json:"referrer_id"`
	Code        text            `json:"code"`
	URL         text            `json:"url"`
	FirstName   text            `json:"first_name"`
	Email       text            `json:"email"`
	Type        text            `json:"type"`
	SignedUpAt  text            `json:"signed_up_at"`
	QualifiedAt text            `json:"qualified_at"`
	Qualified   flag            `json:"qualified"`
	Meta        json.RawMessage `json:"meta"`

	Source         text       `json:"source"`
	UnsubscribedAt text       `json:"unsubscribed_at"`
	Analytics      *Analytics `json:"analytics"`
}

func (w *wireUser) id() number { return cmp.Or(w.ID, w.UserID) }

func (w *wireUser) user() *User {
	u := &User{
		ID: int64(w.id()), CampaignID: int64(w.CampaignID), ReferrerID: int64(w.ReferrerID),
		Code: string(w.Code), URL: string(w.URL), FirstName: string(w.FirstName), Email: string(w.Email),
		Type: string(w.Type), SignedUpAt: string(w.SignedUpAt), QualifiedAt: string(w.QualifiedAt),
		Meta:   decodeMeta(w.Meta),
		Source: string(w.Source), UnsubscribedAt: string(w.UnsubscribedAt), Analytics: w.Analytics,
	}
	if w.Qualified && u.QualifiedAt == "" {
		u.QualifiedAt = "yes"
	}
	if u.Type == "" {
		u.Type = roleOf(u.ReferrerID != 0)
	}
	return u
}

// UnmarshalJSON reads a user leniently.
func (u *User) UnmarshalJSON(data []byte) error {
	var w wireUser
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	*u = *w.user()
	return nil
}

// roleOf is the role of a person whom somebody, or nobody, referred.
func roleOf(referred bool) string {
	if referred {
		return Invited
	}
	return Referring
}

// Campaign is a campaign with the fields of its own, after the page "Campaign
// structure" of the vendor's reference.
type Campaign struct {
	ID       int64
	Name     string
	Code     string
	URL      string
	Status   string // launched, draft or paused
	StartsAt string // "" for one that is live already
	EndsAt   string // "" for one without an end
	Fields   []Field

	// What an export alone asks for.
	Lang      string
	CreatedAt string
	Analytics *Analytics
}

// Field is one of a campaign's own fields. A label that both roles have
// stands twice.
type Field struct {
	Role     string // of the people whom it is asked of: Referring or Invited
	Label    string
	Required bool
	Options  []string // what a select field takes; nil for free text
}

// UnmarshalJSON reads a campaign leniently.
func (c *Campaign) UnmarshalJSON(data []byte) error {
	var wire struct {
		ID       number          `json:"id"`
		Name     text            `json:"name"`
		Code     text            `json:"code"`
		URL      text            `json:"url"`
		Status   text            `json:"status"`
		StartsAt text            `json:"starts_at"`
		EndsAt   text            `json:"ends_at"`
		Fields   json.RawMessage `json:"fields"`

		Lang      text       `json:"lang"`
		CreatedAt text       `json:"created_at"`
		Analytics *Analytics `json:"analytics"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	*c = Campaign{
		ID: int64(wire.ID), Name: string(wire.Name), Code: string(wire.Code), URL: string(wire.URL),
		Status: string(wire.Status), StartsAt: string(wire.StartsAt), EndsAt: string(wire.EndsAt),
		Lang: string(wire.Lang), CreatedAt: string(wire.CreatedAt), Analytics: wire.Analytics,
	}
	var byRole struct {
		Referring json.RawMessage `json:"person_referring"`
		Invited   json.RawMessage `json:"person_invited"`
	}
	lenient(wire.Fields, &byRole)
	c.Fields = append(decodeFields(Referring, byRole.Referring), decodeFields(Invited, byRole.Invited)...)
	return nil
}

func decodeFields(role string, raw json.RawMessage) []Field {
	var list []struct {
		Type     text            `json:"type"`
		Label    text            `json:"label"`
		Value    json.RawMessage `json:"value"`
		Required flag            `json:"required"`
	}
	lenient(raw, &list)
	var all []Field
	for _, f := range list {
		if f.Label == "" {
			continue
		}
		field := Field{Role: role, Label: string(f.Label), Required: bool(f.Required)}
		if f.Type == "select" {
			field.Options = options(f.Value)
		}
		all = append(all, field)
	}
	return all
}

// options reads what a select field takes. The vendor does not show how the
// choices are written: a list of words is understood, and anything else leaves
// the field free for the API to judge.
func options(raw json.RawMessage) []string {
	var list []string
	if json.Unmarshal(raw, &list) != nil || len(list) == 0 {
		return nil
	}
	return list
}
