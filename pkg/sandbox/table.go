package sandbox

import "slices"

// table holds rows by id, in order of id. Its zero value is empty.
type table[T any] struct {
	rows map[int64]*T
	ids  []int64
}

// put stores a row. Ids mostly grow, so that keeping order costs nothing.
func (t *table[T]) put(id int64, row *T) {
	if t.rows == nil {
		t.rows = map[int64]*T{}
	}
	if t.rows[id] == nil {
		at, _ := slices.BinarySearch(t.ids, id)
		t.ids = slices.Insert(t.ids, at, id)
	}
	t.rows[id] = row
}

// get is the row of id, or nil.
func (t *table[T]) get(id int64) *T { return t.rows[id] }

func (t *table[T]) drop(id int64) {
	if at, ok := slices.BinarySearch(t.ids, id); ok {
		t.ids = slices.Delete(t.ids, at, at+1)
		delete(t.rows, id)
	}
}

// all copies the rows, nil when there are none.
func (t *table[T]) all() []T {
	var out []T
	for _, id := range t.ids {
		out = append(out, *t.rows[id])
	}
	return out
}
