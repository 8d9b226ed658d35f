package job

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// texts writes a value the way a flag takes it: one text, several of an
// array, or 'key=value' of a table.
func texts(v any) ([]string, error) {
	switch v := v.(type) {
	case []any:
		all := make([]string, len(v))
		for i, element := range v {
			text, err := scalar(element)
			if err != nil {
				return nil, err
			}
			all[i] = text
		}
		return all, nil
	case map[string]any:
		var all []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			text, err := scalar(v[key])
			if err != nil {
				return nil, err
			}
			all = append(all, key+"="+text)
		}
		return all, nil
	}
	text, err := scalar(v)
	return []string{text}, err
}

func scalar(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case time.Time:
		return "", errors.New("put a date into quotes")
	}
	return "", fmt.Errorf("takes a text, a number, true, false or a list of them")
}

// secret reports whether a key is the name of something that must not stand
// in a file that is copied, shown and kept under version control.
func secret(key string) bool {
	key = strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(key))
	if key == "tokenfile" {
		return false
	}
	for _, word := range []string{"token", "apikey", "password", "secret", "bearer", "authorization", "credential"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}

// holdsPassword reports whether a value is an address with a password in it.
func holdsPassword(value string) bool {
	if !strings.Contains(value, "://") {
		return false
	}
	u, err := url.Parse(value)
	if err != nil || u.User == nil {
		return false
	}
	_, has := u.User.Password()
	return has
}

// find is the line of a key within a step, of the step's first line when key
// is "", and 0 when it cannot be told. Step 0 is what stands above all steps.
func (r *reader) find(key string, step int) int {
	at := 0
	for n, line := range r.lines {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[[") && strings.Trim(line, "[] \t") == "step" {
			if at++; at == step && key == "" {
				return n + 1
			}
			continue
		}
		name, _, assigned := strings.Cut(line, "=")
		name = strings.Trim(strings.TrimSpace(name), `"'`)
		table := strings.Trim(line, "[] \t")
		if at == step && (assigned && name == key || table == "step."+key || table == key) {
			return n + 1
		}
	}
	return 0
}
