package referralfactory

import (
	"github.com/refbulk/refbulk/pkg/engine"
	"github.com/refbulk/refbulk/pkg/fields"
)

// The resources of an import and, with campaigns, of an export.
const (
	UsersName     = "users"
	RewardsName   = "rewards"
	CampaignsName = "campaigns"
)

// ResourceNames are the resources of an import.
var ResourceNames = []string{UsersName, RewardsName}

// ExportNames are the resources of an export.
var ExportNames = []string{UsersName, CampaignsName, RewardsName}

// Resource is what rows of one kind can ask for. Call Open before all else,
// where ReadsFirst says so, and Match with the file's header before Intents.
type Resource interface {
	engine.Resource

	// ReadsFirst reports whether rows under such headings can be sent only
	// after Open.
	ReadsFirst(headers []string) bool

	// Open makes the first call: the one that shows whether the token is good.
	Open(try engine.Try) error

	// Match finds the field of every heading. Its error names everything that
	// keeps the file from being used.
	Match(headers []string) (fields.Columns, error)
}

// Operations are the operations of a resource, as --operation takes them.
func Operations(resource string) []string {
	if resource == RewardsName {
		return RewardOperations
	}
	return UserOperations
}

// Fields are the columns of an import of a resource.
func Fields(resource string) []fields.Field {
	if resource == RewardsName {
		return rewardFields
	}
	return userFields
}

// KnownFields tells which field of a resource a heading names, "" for none:
// how a header is told from the title above it.
func KnownFields(resource string, mappings []fields.Mapping) func(header string) string {
	return fields.Known(Fields(resource), mappings)
}
