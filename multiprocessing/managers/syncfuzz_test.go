package managers

import (
	"context"
	"encoding/hex"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/pickle"
)

// FuzzSyncSession gives bytes to a session behind the handshake. It must answer
// or hang up; it must not wait for ever, break the server, or change objects
// without being asked.
func FuzzSyncSession(f *testing.F) {
	frame := func(payloads ...[]byte) []byte {
		var b []byte
		for _, p := range payloads {
			b = append(b, byte(len(p)>>24), byte(len(p)>>16), byte(len(p)>>8), byte(len(p)))
			b = append(b, p...)
		}
		return b
	}
	// The dumps of real traffic.
	for _, dump := range []string{
		"0000001b800495100000000000000028" + "4e8c0564756d6d7994297d94749" + "42e",
		"00000038" + "80 04 95 2d 00 00 00 00 00 00 00 8c 06 23 45 52 52 4f 52 94 8c 08 62 75 69 6c 74 69 6e 73 94 8c 08 4b 65 79 45 72 72 6f 72 94 93 94 8c 02 7a 7a 94 85 94 52 94 86 94 2e",
	} {
		b, err := hex.DecodeString(strings.ReplaceAll(dump, " ", ""))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	accept := syncRequest(nil, "accept_connection", "fuzz")
	for _, typeid := range SyncTypes.TypeIDs() {
		f.Add(frame(syncRequest(nil, "create", typeid)))
		f.Add(frame(accept, syncRequest(nil, "create", typeid, int64(1)), syncRequest(nil, extraHello)))
	}
	for _, req := range [][]byte{
		syncRequest(fuzzIdent, "put", "x"), syncRequest(fuzzIdent, "get", false), syncRequest(fuzzIdent, "#GETVALUE"),
		syncRequest(fuzzIdent, "__repr__"), syncRequest(nil, extraHello, int64(1)), syncRequest(nil, extraCancel, int64(1), int64(9)),
		syncRequest(nil, "incref", fuzzIdent), syncRequest(nil, "debug_info"), syncRequest(nil, "shutdown"),
		syncRequest(nil, "get_methods", Token{"Queue", pickle.Tuple{"127.0.0.1", int64(1)}, fuzzIdent}),
		syncRequest(fuzzIdent, "put", &pickle.Object{Class: rebuildProxy, Args: pickle.Tuple{
			pickle.Global{Module: "multiprocessing.managers", Name: "AutoProxy"}, Token{"Queue", "x", fuzzIdent}, "pickle", pickle.NewDict(),
		}}),
	} {
		f.Add(frame(req))
		f.Add(frame(accept, req, req))
	}
	for _, junk := range syncJunk {
		f.Add([]byte(junk))
		f.Add(append(frame(accept), junk...))
	}

	ln, err := pywire.Listen(context.Background(), pywire.Address{}, pywire.ListenConfig{NoAuth: true})
	if err != nil {
		f.Fatal(err)
	}
	defer ln.Close()
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := newServer(Config{AuthKey: []byte(syncKey), MaxMessage: 1 << 20, MaxObjects: 100})
		if err != nil {
			t.Fatal(err)
		}
		s.ln = ln // for its address
		s.objects.next = 0x7f00
		q := s.objects.add("Queue", QueueType, &queueObject{store: new(fifo), maxsize: int64(0)}, 0)
		if q.ident != fuzzIdent {
			t.Fatal(q.ident)
		}
		here, there := net.Pipe()
		defer s.objects.close()
		defer s.peers.close()
		s.begin(pywire.NewConn(there, 1<<20))
		here.SetDeadline(time.Now().Add(20 * time.Second))
		answers := make(chan int, 1)
		go func() { // what it answers does not matter, but somebody must take it
			n := 0
			for buf := make([]byte, 4096); ; n++ {
				if _, err := here.Read(buf); err != nil {
					answers <- n
					return
				}
			}
		}()
		here.Write(data)
		here.Close()
		<-answers
		s.hangUp()
		s.cancel(errStopped)
		s.wg.Wait() // a session that waits for ever is found by the test's time limit
	})
}

// fuzzIdent is the ident of a queue that is there.
const fuzzIdent = "7f00"
