package engine

import "context"

// rowKey is the key of a context's row.
type rowKey struct{}

// RowOf is the number of the row for which a call is made under the context,
// and 0 when it is made for none.
func RowOf(ctx context.Context) int {
	n, _ := ctx.Value(rowKey{}).(int)
	return n
}

// withRow tells what is called that it is called for a row.
func withRow(ctx context.Context, row int) context.Context {
	return context.WithValue(ctx, rowKey{}, row)
}
