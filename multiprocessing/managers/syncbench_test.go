package managers

import (
	"context"
	"path/filepath"
	"testing"
)

// BenchmarkSyncRequest is the server's share of a request and an answer, with as
// little client as there can be.
func BenchmarkSyncRequest(b *testing.B) {
	for _, family := range []string{"unix", "tcp"} {
		address := ""
		if family == "unix" {
			address = "unix:" + filepath.Join(b.TempDir(), "s")
		}
		s := syncServe(b, Config{Address: address})
		q, l, d := syncCreate(b, s, "Queue"), syncCreate(b, s, "Lock"), syncCreate(b, s, "dict")
		c := syncServing(b, s)
		c.ok(d, "__setitem__", "key", 1.5)
		for name, frames := range map[string][][]byte{
			"dict.get":       {syncRequest(d, "get", "key")},
			"Queue.put, get": {syncRequest(q, "put", "an item"), syncRequest(q, "get")},
			"Lock":           {syncRequest(l, "acquire"), syncRequest(l, "release")},
		} {
			b.Run(family+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				var buf []byte
				for b.Loop() {
					for _, f := range frames {
						if err := c.WriteFrame(context.Background(), f); err != nil {
							b.Fatal(err)
						}
						var err error
						if buf, err = c.ReadFrameInto(context.Background(), buf); err != nil {
							b.Fatal(err)
						}
					}
				}
			})
		}
	}
}
