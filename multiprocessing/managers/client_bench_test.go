package managers

import (
	"context"
	"net"
	"net/rpc"
	"testing"
)

// ClientRPC is net/rpc's way to do what Dict.Get does.
type ClientRPC struct{ m map[string]int }

type ClientRPCArgs struct{ Key string }

func (c *ClientRPC) Get(a ClientRPCArgs, v *int) error { *v = c.m[a.Key]; return nil }

func BenchmarkManagerDict(b *testing.B) {
	_, m := clientPair(b)
	ctx := context.Background()
	d, err := NewDict(ctx, m, map[string]int{"key": 1000})
	clientMust(b, err)
	b.Run("Get", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if v, _, err := d.Get(ctx, "key"); v != 1000 || err != nil {
				b.Fatal(v, err)
			}
		}
	})
	b.Run("Get, ctx", func(b *testing.B) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		b.ReportAllocs()
		for b.Loop() {
			if v, _, err := d.Get(ctx, "key"); v != 1000 || err != nil {
				b.Fatal(v, err)
			}
		}
	})
	b.Run("Set", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			clientMust(b, d.Set(ctx, "key", 1000))
		}
	})
	b.Run("Get, parallel", func(b *testing.B) {
		b.SetParallelism(8)
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				if v, _, err := d.Get(ctx, "key"); v != 1000 || err != nil {
					b.Error(v, err)
				}
			}
		})
	})
	b.Run("net-rpc", func(b *testing.B) {
		srv := rpc.NewServer()
		clientMust(b, srv.RegisterName("D", &ClientRPC{map[string]int{"key": 1000}}))
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		clientMust(b, err)
		defer ln.Close()
		go func() {
			c, err := ln.Accept()
			if err == nil {
				srv.ServeConn(c)
			}
		}()
		c, err := rpc.Dial("tcp", ln.Addr().String())
		clientMust(b, err)
		defer c.Close()
		b.ReportAllocs()
		for b.Loop() {
			var v int
			if err := c.Call("D.Get", ClientRPCArgs{"key"}, &v); v != 1000 || err != nil {
				b.Fatal(v, err)
			}
		}
	})
}

func BenchmarkManagerQueue(b *testing.B) {
	_, m := clientPair(b)
	ctx := context.Background()
	q, err := NewQueue[string](ctx, m, 0)
	clientMust(b, err)
	b.ReportAllocs()
	for b.Loop() {
		clientMust(b, q.Put(ctx, "item"))
		if _, err := q.Get(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkManagerConnect(b *testing.B) {
	srv := clientServer(b, Config{})
	ctx := context.Background()
	for b.Loop() {
		m, err := Connect(ctx, srv.Address(), ClientConfig{AuthKey: clientKey})
		clientMust(b, err)
		q, err := NewQueue[string](ctx, m, 0)
		clientMust(b, err)
		q.Close()
		m.Close()
	}
}
