package managers

import (
	"errors"
	"net"
	"os"

	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/pickle"
)

// managersNames are the names in CPython's managers that belong to proxies. An
// allow-list has these and no other: the module has imported what runs programs.
var managersNames = []string{
	"multiprocessing.managers.Token", "multiprocessing.managers.RebuildProxy", "multiprocessing.managers.AutoProxy",
	"multiprocessing.managers.AcquirerProxy", "multiprocessing.managers.ArrayProxy", "multiprocessing.managers.BarrierProxy",
	"multiprocessing.managers.BaseProxy", "multiprocessing.managers.ConditionProxy", "multiprocessing.managers.DictProxy",
	"multiprocessing.managers.EventProxy", "multiprocessing.managers.IteratorProxy", "multiprocessing.managers.ListProxy",
	"multiprocessing.managers.NamespaceProxy", "multiprocessing.managers.PoolProxy", "multiprocessing.managers.SetProxy",
	"multiprocessing.managers.ValueProxy", "multiprocessing.managers.RemoteError", "multiprocessing.managers.Namespace",
	"multiprocessing.managers.Value",
}

// foreign is what becomes of a proxy that is none of this server's. A Python
// program that gets it connects to where it says, and unpickles what it hears
// from there: so it does not pass an allow-list.
func (s *Server) foreign(o *pickle.Object) (any, error) {
	if len(s.cfg.Allow) == 0 {
		return o, nil
	}
	return nil, errors.New("managers: the proxy is none of this server's, by the address at which it listens, or has more in it than proxies have: Config.Allow admits no others")
}

// reachable reports whether a token's address leads here. That matters with an
// allow-list only: else clients may have come by whatever way they know.
func (s *Server) reachable(tok Token) bool {
	if len(s.cfg.Allow) == 0 {
		return true
	}
	at, err := pywire.AddressOf(tok.Address)
	if err != nil {
		return false
	}
	own := s.ln.Address()
	if at.Network() != own.Network() || own.Network() != "tcp" {
		return at.String() == own.String()
	}
	host, port, err := net.SplitHostPort(at.String())
	ownHost, ownPort, ownErr := net.SplitHostPort(own.String())
	if err != nil || ownErr != nil || port != ownPort {
		return false
	}
	ip, ownIP := net.ParseIP(host), net.ParseIP(ownHost)
	switch {
	case host == ownHost:
		return true
	case ownIP == nil:
		return false
	case host == "localhost":
		return ownIP.IsLoopback() || ownIP.IsUnspecified()
	case !ownIP.IsUnspecified():
		return ip != nil && ip.Equal(ownIP)
	case ip == nil:
		name, err := os.Hostname()
		return err == nil && host == name
	}
	return local(ip)
}

// local reports whether ip is one of this machine's.
func local(ip net.IP) bool {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.Equal(ip) {
			return true
		}
	}
	return false
}

// harmless reports whether a pickled proxy has nothing beside its token that a
// program in Python would run: AutoProxy compiles the names of the methods.
func (s *Server) harmless(o *pickle.Object) bool {
	if len(s.cfg.Allow) == 0 {
		return true
	}
	if len(o.Args) != 4 || o.HasState || o.Args[2] != any("pickle") && o.Args[2] != any("xmlrpclib") {
		return false
	}
	class, ok := o.Args[0].(pickle.Global)
	kwds, ok2 := o.Args[3].(*pickle.Dict)
	if !ok || !ok2 || class.Module != tokenClass.Module {
		return false
	}
	for k, v := range kwds.All() {
		switch k {
		case "exposed":
			names, ok := v.(pickle.Tuple)
			if l, is := v.(*pickle.List); is {
				names, ok = l.Items, true
			}
			for _, n := range names {
				name, is := n.(string)
				ok = ok && is && identifier(name)
			}
			if !ok {
				return false
			}
		case "manager_owned":
			if _, ok := v.(bool); !ok {
				return false
			}
		default:
			return false
		}
	}
	return true
}

func identifier(s string) bool {
	for i, r := range s {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

// method lets getattr(class, name) through an allow-list if that is how Python
// pickles a function that is registered, and no other use of it.
func (t *Types) method(o *pickle.Object) (any, error) {
	if len(o.Args) == 2 && !o.HasState && len(o.Items) == 0 && len(o.Pairs) == 0 {
		class, ok1 := o.Args[0].(pickle.Global)
		name, ok2 := o.Args[1].(string)
		if ok1 && ok2 {
			t.mu.Lock()
			_, known := t.funcs[class.String()+"."+name]
			t.mu.Unlock()
			if known {
				return o, nil
			}
		}
	}
	return nil, errors.New("managers: Config.Allow admits builtins.getattr for registered functions only")
}
