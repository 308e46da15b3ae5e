package managers

import "github.com/conexgo/conex/pickle"

// Clients that are this package have server functions without a connection for
// each: they call them in the loop for objects, with no ident. CPython answers
// such a request with a KeyError, so a client can ask what it talks to.
//
// The references that such a session makes are its own: they end with it. A
// client with several connections has one whose references are those of all.
const (
	extraHello  = "#conex"  // () or (first session) is (number of the session, number of the request)
	extraCancel = "#cancel" // (session, request) ends a request that waits, or is still to come

	// extraFunctions is for the Python package conex_client, which says by it what
	// there is to call: () is the names of all functions of pools.
	extraFunctions = "#functions"
)

func (s *session) extra(req request) answer {
	switch req.method {
	case extraHello:
		if err := s.hello(req.args); err != nil {
			return trouble(err)
		}
		return returned(pickle.Tuple{int64(s.number), int64(s.request)})
	case extraCancel:
		if len(req.args) != 2 {
			return trouble(pickle.TypeError.New("#cancel takes 2 arguments"))
		}
		number, ok1 := req.args[0].(int64)
		request, ok2 := req.args[1].(int64)
		if !ok1 || !ok2 {
			return trouble(pickle.TypeError.New("#cancel takes two ints"))
		}
		if other := s.srv.session(uint64(number)); other != nil {
			other.giveUp(uint64(request))
		}
		return returned(nil)
	case extraFunctions:
		return returned(tuple(s.srv.types.Functions()))
	case "accept_connection", "shutdown":
		return trouble(pickle.KeyError.New(nil))
	}
	f, ok := public[req.method]
	if !ok {
		return trouble(pickle.KeyError.New(nil)) // what CPython says
	}
	v, err := s.function(f, req)
	if err != nil {
		return trouble(err)
	}
	return returned(v)
}

// hello gives the session an account: a new one, or that of the client's first
// session.
func (s *session) hello(args pickle.Tuple) error {
	if s.hailed {
		return nil
	}
	if len(args) == 0 {
		a := newSessionAccount(s.srv.objects)
		s.account, s.hailed = a, true
		s.mu.Lock()
		s.common = a // it ends with this session
		s.mu.Unlock()
		return nil
	}
	number, ok := args[0].(int64)
	if !ok {
		return pickle.TypeError.New("#conex takes an int")
	}
	first := s.srv.session(uint64(number))
	if first == nil {
		return pickle.KeyError.New(number)
	}
	first.mu.Lock()
	a := first.common
	first.mu.Unlock()
	if a == nil {
		return pickle.KeyError.New(number)
	}
	s.account, s.hailed = a, true
	return nil
}
