package sandbox

import (
	"cmp"
	"net/http"
)

// createUser is POST /users.
func (f *referralFactory) createUser(c *call) answer {
	in, refusal := f.decode(c)
	if refusal != nil {
		return *refusal
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	u, wrong := f.readNewUser(in)
	if len(wrong) > 0 {
		return f.invalid(wrong)
	}
	existing := f.existing(u)
	if existing != nil {
		f.tally.add(func(n *Counts) { n.Repeated.CreateCalls++ })
		if f.behaviour.RepeatCreate != RepeatMakesAnother {
			return f.repeatCreate(existing, u)
		}
	}
	notify, _ := in.boolean("notify")
	made := f.account.addUser(u)
	if promotion, _ := in.boolean("promotion"); promotion {
		made.Promotion = "PROMO-" + made.Code
	}
	f.commit(func(n *Counts) {
		n.Commits.Creates++
		if existing != nil {
			n.Repeated.Creates++
		}
		switch {
		case notify:
			n.Notified++
		case !in.has("notify"):
			n.NotifyUnsaid++
		}
	})
	return dataAnswer(cmp.Or(f.behaviour.CreateStatus, http.StatusCreated), f.present(made, false))
}

// existing is the user a create meets, or nil.
func (f *referralFactory) existing(u User) *User {
	for _, old := range f.account.byEmail(u.Email, u.CampaignID, u.Type) {
		if old.Type == u.Type || f.behaviour.OneRolePerEmail {
			return old
		}
	}
	return nil
}

// repeatCreate answers a create that met old. Its referrer keeps the credit.
func (f *referralFactory) repeatCreate(old *User, u User) answer {
	switch f.behaviour.RepeatCreate {
	case RepeatInvalid:
		return f.invalid(problemWith("email", "has already been taken"))
	case RepeatConflict:
		return f.refuse(http.StatusConflict, "the user exists already")
	}
	if f.behaviour.RepeatUpdates {
		old.FirstName = u.FirstName
		f.mergeMeta(old, u.Meta)
		f.commit(func(n *Counts) { n.Commits.Updates++ })
	}
	status := http.StatusOK
	if f.behaviour.RepeatCreate == RepeatReturnsCreated {
		status = cmp.Or(f.behaviour.CreateStatus, http.StatusCreated)
	}
	return dataAnswer(status, f.present(old, false))
}

// readNewUser checks everything a create says, and reports all of the trouble.
func (f *referralFactory) readNewUser(in input) (User, problems) {
	wrong := problems{}
	u := User{
		FirstName:  in.required("first_name", wrong),
		Email:      f.readEmail(in, wrong),
		Type:       PersonReferring,
		Source:     "Api",
		SignedUpAt: f.today(),
	}
	for _, name := range []string{"notify", "promotion"} {
		if _, ok := in.boolean(name); !ok {
			wrong.add(name, "must be true or false")
		}
	}
	campaign := f.readCampaign(in, wrong)
	if campaign == nil {
		return u, wrong
	}
	u.CampaignID = campaign.ID
	if in.has("referrer") {
		u.Type = PersonInvited
		u.ReferrerID = f.readReferrer(in, u, wrong)
	}
	fields := campaign.fieldsOf(u.Type)
	u.Meta = in.meta(wrong)
	f.checkMeta(u.Meta, fields, wrong)
	if f.behaviour.RequireFields {
		checkRequired(u.Meta, fields, wrong)
	}
	return u, wrong
}

func (f *referralFactory) readEmail(in input, wrong problems) string {
	email := in.required("email", wrong)
	switch {
	case len(wrong["email"]) > 0:
	case !wellFormed(email):
		wrong.add("email", "must be a valid email address")
	case f.refusesMail(email):
		wrong.add("email", "has a domain that takes no mail: no MX records")
	}
	return email
}

func (f *referralFactory) readCampaign(in input, wrong problems) *Campaign {
	id, ok := in.integer("campaign_id")
	campaign := f.account.campaigns.get(id)
	switch {
	case !in.has("campaign_id"):
		wrong.add("campaign_id", "must be filled in")
	case !ok:
		wrong.add("campaign_id", "must be an integer")
	case campaign == nil:
		wrong.add("campaign_id", "is no campaign of this account")
	case f.behaviour.RefuseInactive && campaign.Status != "launched":
		wrong.add("campaign_id", "is a campaign that is "+campaign.Status)
	}
	return campaign
}

// readReferrer finds the referrer inside the campaign of u. Any user may be
// one; where an e-mail names two, the person referring is meant.
func (f *referralFactory) readReferrer(in input, u User, wrong problems) int64 {
	object, _ := in["referrer"].(map[string]any)
	value, ok := asText(object["value"])
	if !ok || value == "" {
		wrong.add("referrer", "must have a field (id, code or email) and a value")
		return 0
	}
	var referrer *User
	switch object["field"] {
	case "id":
		id, _ := input(object).integer("value")
		referrer = f.account.users.get(id)
	case "code":
		referrer = f.account.byCode(value)
	case "email":
		if found := f.account.byEmail(value, u.CampaignID, PersonReferring); len(found) > 0 {
			referrer = found[0]
		}
	default:
		wrong.add("referrer", "must have a field (id, code or email) and a value")
		return 0
	}
	switch {
	case referrer == nil || referrer.CampaignID != u.CampaignID:
		wrong.add("referrer", "is nobody in this campaign")
		return 0
	case fold(referrer.Email) == fold(u.Email):
		wrong.add("referrer", "must be somebody else")
	}
	return referrer.ID
}
