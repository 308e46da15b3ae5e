//go:build amd64 && !race

package wire

// storeRelease stores v so that another process that sees it also sees every
// store before it. On amd64 each store is a release, while sync/atomic's
// Store is an exchange that costs as much as the rest of the loop it is for.
// The compiler keeps it in place: a call through a function value follows.
func storeRelease(p *uint64, v uint64) { *p = v }
