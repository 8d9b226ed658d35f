package cli

import (
	"slices"
	"testing"
)

// The vendor counts by the token: who writes the API's root in another way, or
// calls another of the vendor's hosts, does not get the limit a second time.
func TestTheLimitIsOneHoweverTheAPIRootIsWritten(t *testing.T) {
	for provider, roots := range map[string][]string{
		"referral-factory": {
			"https://api.referral-factory.com/api/v2", "https://api.referral-factory.com/api/v2/",
			"https://API.referral-factory.com:443/api/v2", "https://referral-factory.com/api/v2",
		},
		"recomly": {"https://api.recomly.com", "https://api.recomly.com/", "https://api.recomly.com/app", "https://api.recomly.com/api/app"},
	} {
		one := counted(provider, roots[0], "made-up")
		for _, root := range roots {
			if counted(provider, root, "made-up") != one {
				t.Errorf("requests to %s and to %s are counted apart", root, roots[0])
			}
		}
		if counted(provider, roots[0], "another") == one {
			t.Errorf("requests of two tokens of %s are counted together", provider)
		}
	}
	local := counted("recomly", "http://127.0.0.1:8080", "made-up")
	if counted("recomly", "http://localhost:8080/app/", "made-up") != local {
		t.Error("requests to one simulator are counted apart")
	}
	if counted("recomly", "http://127.0.0.1:8081", "made-up") == local || counted("referral-factory", "http://127.0.0.1:8080/api/v2", "made-up") == local {
		t.Error("requests to two simulators are counted together")
	}
}

func TestACommandIsShownWithoutPasswords(t *testing.T) {
	args := []string{"import", "users", "a@b.csv", "--limiter", "redis://ann:se/cr@et@localhost:6379/0", "--notify-url=https://example.com/hook/ops@example.com", "https://ann:secret@example.com/a@b"}
	want := []string{"import", "users", "a@b.csv", "--limiter", "redis://…@localhost:6379/0", "--notify-url=https://example.com/hook/ops@example.com", "https://…@example.com/a@b"}
	if got := withoutPasswords(args); !slices.Equal(got, want) {
		t.Errorf("withoutPasswords() = %q, want %q", got, want)
	}
}
