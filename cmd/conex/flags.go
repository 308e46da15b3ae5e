package main

import (
	"flag"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// options are the flags of conex manager.
type options struct {
	address   string
	keyFile   string
	shares    shares
	allow     list
	refuseMD5 bool
	insecure  bool
	quiet     bool

	cert, key, clientCA string

	maxMessage size
	maxObjects int
	maxClients int
	maxPending int
	handshake  time.Duration

	snapshot string
	interval time.Duration
	drain    time.Duration
}

const managerUsage = `Usage: conex manager -authkey-file FILE [flags]

Serves a manager, as Python's multiprocessing.managers does: programs in Python
and Go that know the address and the key share its objects. Python programs need
nothing but their standard library.

  -share KIND:NAME[:N] makes an object that all clients get by its name:

        -share queue:jobs -share dict:state -share list:log

  KIND is one of %s.
  N is the size of a queue (0: no limit), the value of a semaphore, the number
  of parties of a barrier. In Python, after SyncManager.register("jobs"):
  m.jobs().put(1); in Go, after managers.Connect: m.Create(ctx, "jobs").
  Clients can make objects of their own as well.

  The key is the content of the file, white space around it left out. If there
  is no such file, it is made, with a random key, for you alone to read. Without
  -authkey-file the key is in the environment variable CONEX_AUTHKEY.

  -snapshot FILE keeps the shared queues, dicts, lists and sets over a restart.

  The first interrupt or SIGTERM ends the server gently (see -drain), the
  second one at once. Exit code 0: ended as it was asked to, 1: failed, 2: wrong
  usage, 130: ended at once.

Flags:
`

func (o *options) parse(args []string, out io.Writer) error {
	fs := flag.NewFlagSet("conex manager", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	o.maxMessage = 256 << 20
	fs.StringVar(&o.address, "address", "127.0.0.1:50000", "where to listen: `host:port`, /path, @name; port 0 is any free one")
	fs.StringVar(&o.keyFile, "authkey-file", "", "`file` with the key; made if it is missing")
	fs.Var(&o.shares, "share", "`kind:name[:n]` of an object that all clients get; may be repeated")
	fs.Var(&o.allow, "allow", "`pattern` of Python classes that clients may send, as mymodule.Point or mymodule.*; may be repeated; without it any may be carried")
	fs.BoolVar(&o.refuseMD5, "refuse-md5", false, "turn away CPython up to 3.11, which knows nothing but HMAC-MD5")
	fs.BoolVar(&o.insecure, "insecure", false, "allow an address that other machines can reach without TLS")
	fs.BoolVar(&o.quiet, "quiet", false, "print the address only, not how to connect")
	fs.StringVar(&o.cert, "tls-cert", "", "PEM `file` with the certificate: connections are encrypted")
	fs.StringVar(&o.key, "tls-key", "", "PEM `file` with its key")
	fs.StringVar(&o.clientCA, "client-ca", "", "PEM `file` with the authorities of whom clients must have a certificate")
	fs.Var(&o.maxMessage, "max-message", "`size` of the largest request or answer, as 64KiB, 256MiB")
	fs.IntVar(&o.maxObjects, "max-objects", 0, "how many objects there may be (0: any number)")
	fs.IntVar(&o.maxClients, "max-clients", 0, "how many connections there may be (0: any number)")
	fs.IntVar(&o.maxPending, "max-pending", 256, "how many connections may be there that have not shown the key")
	fs.DurationVar(&o.handshake, "handshake-timeout", 10*time.Second, "how long these may take")
	fs.StringVar(&o.snapshot, "snapshot", "", "`file` that keeps what is shared over a restart")
	fs.DurationVar(&o.interval, "snapshot-interval", time.Minute, "how often it is written, if anything has changed")
	fs.DurationVar(&o.drain, "drain", 10*time.Second, "how long requests may go on that run or wait when the server is to end")
	if err := fs.Parse(args); err != nil {
		if err == flag.ErrHelp {
			fmt.Fprintf(out, managerUsage, kindNames())
			fs.SetOutput(out)
			fs.PrintDefaults()
			return err
		}
		return usage("%v", err)
	}
	if fs.NArg() > 0 {
		return usage("unexpected %q: every flag begins with -", fs.Arg(0))
	}
	return o.check()
}

// check finds what does not go together.
func (o *options) check() error {
	switch {
	case o.maxObjects < 0 || o.maxClients < 0 || o.maxPending < 1 || o.handshake <= 0 || o.drain < 0:
		return usage("limits must not be negative, and -max-pending and -handshake-timeout must be more than 0")
	case (o.cert == "") != (o.key == ""):
		return usage("-tls-cert and -tls-key belong together")
	case o.clientCA != "" && o.cert == "":
		return usage("-client-ca needs -tls-cert and -tls-key")
	case o.snapshot != "" && !o.shares.kept():
		return usage("there is nothing to keep in -snapshot: it is for queues, dicts, lists and sets that -share names")
	case o.interval <= 0:
		return usage("-snapshot-interval must be more than 0")
	}
	return nil
}

// A list is a flag that may be repeated.
type list []string

func (l *list) String() string { return strings.Join(*l, " ") }

func (l *list) Set(s string) error {
	*l = append(*l, s)
	return nil
}

// A size is a number of bytes.
type size int64

var units = []struct {
	name string
	n    int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1}, {"", 1}}

func (s *size) String() string {
	for _, u := range units[:3] {
		if int64(*s) >= u.n && int64(*s)%u.n == 0 {
			return strconv.FormatInt(int64(*s)/u.n, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(*s), 10)
}

func (s *size) Set(text string) error {
	for _, u := range units {
		digits, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n <= 0 || n > math.MaxInt64/u.n {
			return fmt.Errorf("a size is a number and perhaps a unit, as 64KiB or 256MiB")
		}
		*s = size(n * u.n)
		return nil
	}
	return nil
}
