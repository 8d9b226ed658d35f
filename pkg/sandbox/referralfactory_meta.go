package sandbox

import "slices"

// checkMeta refuses labels the campaign does not have, where that is asked for.
func (f *referralFactory) checkMeta(meta []Meta, fields []Field, wrong problems) {
	if !f.behaviour.RefuseUnknownMeta {
		return
	}
	for _, m := range meta {
		if !slices.ContainsFunc(fields, func(x Field) bool { return x.Label == m.Field }) {
			wrong.add("meta", "has a field the campaign does not have: "+m.Field)
		}
	}
}

func checkRequired(meta []Meta, fields []Field, wrong problems) {
	for _, field := range fields {
		filled := slices.ContainsFunc(meta, func(m Meta) bool {
			return m.Field == field.Label && m.Value != nil && m.Value != ""
		})
		if field.Required && !filled {
			wrong.add("meta", "must have the field "+field.Label)
		}
	}
}

// mergeMeta brings changes into a user's meta.
func (f *referralFactory) mergeMeta(u *User, changes []Meta) {
	if f.behaviour.MetaReplaces {
		u.Meta = changes
		return
	}
	for _, change := range changes {
		at := slices.IndexFunc(u.Meta, func(m Meta) bool { return m.Field == change.Field })
		if at < 0 {
			u.Meta = append(u.Meta, change)
			continue
		}
		u.Meta[at].Value = change.Value
	}
}

// fieldsOf are the fields that somebody of a type fills in.
func (c *Campaign) fieldsOf(userType string) []Field {
	if userType == PersonInvited {
		return c.Fields.PersonInvited
	}
	return c.Fields.PersonReferring
}
