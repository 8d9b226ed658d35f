package sandbox

// RepeatCreate is what a create answers when the e-mail is already there, in
// the same campaign and role.
type RepeatCreate int

const (
	RepeatReturnsSame    RepeatCreate = iota // 200 and the same user, as measured on v1
	RepeatReturnsCreated                     // the same user, under the status of a fresh create
	RepeatInvalid                            // 422 naming email
	RepeatConflict                           // 409
	RepeatMakesAnother                       // a second user: shows a double send as a double commit
)

// IssueTwice is what issuing an already issued reward does.
type IssueTwice int

const (
	IssueTwiceMissing IssueTwice = iota // 404: it is not due any more
	IssueTwiceInvalid                   // 422
	IssueTwicePays                      // money leaves again
)

// Behaviour settles what the vendor's documents leave open or contradict. The
// zero value is the careful reading; a client should survive every other one.
type Behaviour struct {
	// CreateStatus answers a fresh create; 0 is 201.
	CreateStatus int
	// RepeatCreate answers a create of somebody who is there.
	RepeatCreate RepeatCreate
	// RepeatUpdates makes a repeated create that returns the same user also
	// take over its first name and meta. The referrer stays.
	RepeatUpdates bool
	// OneRolePerEmail makes a create meet the user of the e-mail whatever its
	// type. Otherwise a person may be both referrer and lead of a campaign.
	OneRolePerEmail bool
	// RefuseUnknownMeta answers 422 to a meta label the campaign does not
	// have. Otherwise it is stored.
	RefuseUnknownMeta bool
	// RequireFields answers 422 when a required campaign field is missing.
	RequireFields bool
	// RefuseInactive answers 422 to creates in a campaign that is not launched.
	RefuseInactive bool

	// MetaReplaces makes an update's meta the whole of it. Otherwise labels
	// that the update does not name stay.
	MetaReplaces bool
	// DeleteStatus answers a delete; 0 is 200.
	DeleteStatus int
	// DeletedGone answers 410 instead of 404 for an id that once was.
	DeletedGone bool

	// QualifyReferring accepts the qualification of a person referring.
	// Otherwise it is 422.
	QualifyReferring bool
	// QualifyUnknownInvalid answers 422 instead of 404 when nobody is there
	// to qualify.
	QualifyUnknownInvalid bool
	// RequalifyCounts makes a second qualification count again: a new date
	// and another due reward. Otherwise it changes nothing.
	RequalifyCounts bool
	// IssueTwice answers the second issue of a reward.
	IssueTwice IssueTwice

	// RefuseLargePages answers 422 to per_page over 250. Otherwise it is 250.
	RefuseLargePages bool
	// SearchIgnoresPaging answers a search with everything at once.
	SearchIgnoresPaging bool
	// ListFiltersByCampaign honours ?campaign_id= on the list of users, which
	// v1 ignored.
	ListFiltersByCampaign bool
	// NewestFirst lists by falling id.
	NewestFirst bool
	// LinksHost replaces scheme and host of the links of a page, as in
	// "https://elsewhere.example.com".
	LinksHost string

	// LooseTypes sends ids as strings, reach as a number and sharing as an
	// array, the other forms that have been seen.
	LooseTypes bool
	// PlainErrors sends errors with a message alone, as v1 did.
	PlainErrors bool

	// Recomly settles what is open about the other vendor.
	Recomly RecomlyBehaviour
}
