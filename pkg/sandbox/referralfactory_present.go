package sandbox

import "strconv"

// userView is a user as the API shows one. Fields whose form the sources
// dispute are any.
type userView struct {
	ID             any        `json:"id"`
	CampaignID     any        `json:"campaign_id"`
	ReferrerID     any        `json:"referrer_id"`
	Code           string     `json:"code"`
	URL            string     `json:"url"`
	Promotion      *codeView  `json:"promotion,omitempty"`
	QR             qrView     `json:"qr"`
	FirstName      string     `json:"first_name"`
	Email          string     `json:"email"`
	Reach          any        `json:"reach"`
	Source         string     `json:"source"`
	Type           string     `json:"type"`
	IP             string     `json:"ip"`
	SignedUpAt     string     `json:"signed_up_at"`
	QualifiedAt    any        `json:"qualified_at"`
	UnsubscribedAt any        `json:"unsubscribed_at"`
	Meta           []Meta     `json:"meta"`
	Sharing        any        `json:"sharing"`
	Analytics      *analytics `json:"analytics,omitempty"`
}

type codeView struct {
	Code string `json:"code"`
}

type qrView struct {
	Src      string `json:"src"`
	Download string `json:"download"`
}

type sharingView struct {
	Socials []socialView `json:"socials"`
	Subject string       `json:"subject"`
	Text    string       `json:"text"`
}

type socialView struct {
	Social string `json:"social"`
	URL    string `json:"url"`
}

// analytics is the count of what a user or a campaign brought. Nobody clicks
// on links here, so reach is 0.
type analytics struct {
	Reach              int  `json:"reach"`
	Users              *int `json:"users,omitempty"` // campaigns only
	Referrals          int  `json:"referrals"`
	QualifiedReferrals int  `json:"qualified_referrals"`
}

// present shows a user. The caller holds the lock.
func (f *referralFactory) present(u *User, withAnalytics bool) userView {
	v := userView{
		ID: f.idView(u.ID), CampaignID: f.idView(u.CampaignID),
		Code: u.Code, URL: u.URL, QR: qrView{u.URL + "/qr", u.URL + "/qr?download=1"},
		FirstName: u.FirstName, Email: u.Email, Reach: f.reachView(), Source: u.Source, Type: u.Type,
		IP: "127.0.0.1", SignedUpAt: u.SignedUpAt,
		QualifiedAt: orNull(u.QualifiedAt), UnsubscribedAt: orNull(u.UnsubscribedAt),
		Meta:    append([]Meta{}, u.Meta...), // never null
		Sharing: f.sharingView(u),
	}
	if u.ReferrerID != 0 {
		v.ReferrerID = f.idView(u.ReferrerID)
	}
	if u.Promotion != "" {
		v.Promotion = &codeView{u.Promotion}
	}
	if withAnalytics {
		v.Analytics = f.account.analyticsOf(u)
	}
	return v
}

func (f *referralFactory) idView(id int64) any {
	if f.behaviour.LooseTypes {
		return strconv.FormatInt(id, 10)
	}
	return id
}

// reachView is a string, which is what the vendor's list of fields says; its
// sample has a number.
func (f *referralFactory) reachView() any {
	if f.behaviour.LooseTypes {
		return 0
	}
	return "0"
}

func (f *referralFactory) sharingView(u *User) any {
	socials := []socialView{{"email", u.URL + "?via=email"}, {"whatsapp", u.URL + "?via=whatsapp"}}
	if f.behaviour.LooseTypes {
		return socials
	}
	return sharingView{Socials: socials, Subject: "An invitation", Text: u.URL}
}

func (a *account) analyticsOf(u *User) *analytics {
	out := &analytics{Referrals: len(a.leads[u.ID])}
	for id := range a.leads[u.ID] {
		if a.users.get(id).QualifiedAt != "" {
			out.QualifiedReferrals++
		}
	}
	return out
}
