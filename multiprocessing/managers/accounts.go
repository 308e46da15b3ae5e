package managers

import (
	"sync"
	"time"

	"github.com/conexgo/conex/internal/peer"
	"github.com/conexgo/conex/internal/pywire"
)

// An account says which references a client has, so that they can be taken
// back when it has died. CPython's clients count up and down by connections
// that say nothing of who they are; where the kernel tells the process at the
// other end, which it does for unix sockets, the account is the process's. A
// session of this package's own has one itself. Else there is none, and what a
// killed client referred to stays until the server ends, as in CPython.
type account interface {
	// add notes a reference. It reports false if the client is dead already:
	// then the reference is nobody's.
	add(ident string) bool
	remove(ident string)
}

// noAccount is that of clients of which nothing is known.
type noAccount struct{}

func (noAccount) add(string) bool { return true }
func (noAccount) remove(string)   {}

// deadAccount is that of a process which has died meanwhile.
type deadAccount struct{}

func (deadAccount) add(string) bool { return false }
func (deadAccount) remove(string)   {}

// accountOf returns the session's account.
func (s *session) accountOf() account {
	if s.account == nil { // most sessions never need it
		s.account = s.srv.peers.account(s.conn)
	}
	return s.account
}

// credit notes a reference of the session's client that was counted just now.
func (s *session) credit(ident string) {
	if !s.accountOf().add(ident) {
		s.srv.objects.decref(ident)
	}
}

// A sessionAccount is that of one connection, or of one process.
type sessionAccount struct {
	table *table

	mu    sync.Mutex
	refs  map[string]int // protected by mu
	ended bool           // protected by mu
}

func newSessionAccount(t *table) *sessionAccount {
	return &sessionAccount{table: t, refs: map[string]int{}}
}

func (a *sessionAccount) add(ident string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.ended {
		a.refs[ident]++
	}
	return !a.ended
}

func (a *sessionAccount) remove(ident string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := a.refs[ident]; n > 1 {
		a.refs[ident] = n - 1
	} else {
		delete(a.refs, ident)
	}
}

// end takes all references back.
func (a *sessionAccount) end() {
	a.mu.Lock()
	refs := a.refs
	a.refs, a.ended = map[string]int{}, true
	a.mu.Unlock()
	for ident, n := range refs {
		for range n {
			a.table.decref(ident)
		}
	}
}

// peers has the accounts of the processes at the other ends of unix sockets.
type peers struct {
	mu      sync.Mutex
	m       map[peer.ID]*sessionAccount
	table   *table
	stop    chan struct{}
	stopped chan struct{}
}

// look is how often it is looked whether they live.
const look = 500 * time.Millisecond

// account returns that of a connection's other end.
func (p *peers) account(conn *pywire.Conn) account {
	pid, ok := conn.PeerPID()
	if !ok || pid <= 0 { // or of another PID namespace
		return noAccount{}
	}
	id, ok := peer.Of(pid)
	switch {
	case id == peer.Self():
		return noAccount{}
	case !ok:
		return deadAccount{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.m[id]
	if a == nil {
		if p.m == nil {
			p.m = map[peer.ID]*sessionAccount{}
		}
		a = newSessionAccount(p.table)
		p.m[id] = a
	}
	if p.stop == nil {
		p.stop, p.stopped = make(chan struct{}), make(chan struct{})
		go p.watch(p.stop, p.stopped)
	}
	return a
}

// watch ends the accounts of the dead.
func (p *peers) watch(stop <-chan struct{}, stopped chan<- struct{}) {
	defer close(stopped)
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		var dead []*sessionAccount
		p.mu.Lock()
		for id, a := range p.m {
			if !id.Alive() {
				delete(p.m, id)
				dead = append(dead, a)
			}
		}
		p.mu.Unlock()
		for _, a := range dead {
			a.end()
		}
	}
}

// close stops watching.
func (p *peers) close() {
	p.mu.Lock()
	stop, stopped := p.stop, p.stopped
	p.stop = nil
	p.mu.Unlock()
	if stop != nil {
		close(stop)
		<-stopped
	}
}
