package sharedmemory

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/conexgo/conex/internal/child"
	"github.com/conexgo/conex/internal/worker"
)

// janitorKind is what a janitor's process is called.
const janitorKind = "sharedmemory/janitor"

func init() {
	worker.Register(janitorKind, func() {
		clean(os.NewFile(3, "owner"))
		os.Exit(0)
	})
}

// A janitor is a small process that waits for the end of this one, and then
// unlinks the blocks that it was told of. It learns of a block before the block
// has its name, so that there is no moment in which a kill leaves one behind.
type janitor struct {
	mu    sync.Mutex
	told  map[ident]string
	child *child.Child
	pipe  *os.File // its end is the end of this process
}

// patience is how long a janitor may take to read. One that does not is
// stopped or gone, and is replaced.
const patience = time.Second

func startJanitor() (*janitor, error) {
	j := &janitor{told: map[ident]string{}}
	if err := worker.Check(); err != nil {
		return nil, err
	}
	if err := j.start(); err != nil {
		return nil, err
	}
	return j, nil
}

func (j *janitor) start() error {
	theirs, ours, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("sharedmemory: a janitor's pipe: %w", err)
	}
	defer theirs.Close()
	c, err := child.Start(child.Spec{Env: worker.Env(janitorKind, nil), Files: []*os.File{theirs}})
	if err != nil {
		ours.Close()
		return fmt.Errorf("sharedmemory: starting a janitor: %w", err)
	}
	j.child, j.pipe = c, ours
	return nil
}

// tell makes the janitor responsible for m.
func (j *janitor) tell(m *mapping) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.told[m.id] = m.name
	m.told = j
	if j.say('+', m.id, m.name) == nil {
		return nil
	}
	// A living one must not see the end of the pipe, which would mean our end.
	j.child.Kill()
	<-j.child.Done()
	j.pipe.Close()
	err := j.start()
	for id, name := range maps.All(j.told) {
		if err == nil {
			err = j.say('+', id, name)
		}
	}
	return err
}

// forget is for blocks that are unlinked. It need not get through: the janitor
// unlinks nothing but the very block it was told of.
func (j *janitor) forget(m *mapping) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, ok := j.told[m.id]; ok {
		delete(j.told, m.id)
		j.say('-', m.id, m.name)
	}
}

// say writes one message, at once or not at all: it is shorter than what a pipe
// takes in one piece. Names have neither slashes nor zeros.
func (j *janitor) say(what byte, id ident, name string) error {
	j.pipe.SetWriteDeadline(time.Now().Add(patience))
	_, err := fmt.Fprintf(j.pipe, "%c%d/%d/%s\x00", what, id.dev, id.ino, name)
	return err
}

// close ends the janitor, after the blocks are unlinked, and waits for its end.
func (j *janitor) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pipe.Close()
	select {
	case <-j.child.Done():
	case <-time.After(patience): // somebody has stopped it
		j.child.Kill()
		<-j.child.Done()
	}
}

// clean is a janitor's life.
func clean(owner *os.File) {
	// The keys and signals that end a program must not end who cleans up after it.
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	blocks := map[ident]string{}
	for r := bufio.NewReader(owner); ; {
		message, err := r.ReadString(0)
		if err != nil {
			break // a message cut short is of a block that never got its name
		}
		what, id, name, ok := parse(message[:len(message)-1])
		switch {
		case !ok:
		case what == '+':
			blocks[id] = name
		default:
			delete(blocks, id)
		}
	}
	for id, name := range blocks {
		removeIf(name, id)
	}
	Sweep()
}

func parse(message string) (what byte, id ident, name string, ok bool) {
	part := strings.SplitN(message, "/", 3)
	if len(part) != 3 || len(part[0]) < 2 {
		return 0, ident{}, "", false
	}
	dev, err := strconv.ParseUint(part[0][1:], 10, 64)
	if err != nil {
		return 0, ident{}, "", false
	}
	ino, err := strconv.ParseUint(part[1], 10, 64)
	if err != nil {
		return 0, ident{}, "", false
	}
	name, err = checkName(part[2])
	return part[0][0], ident{dev, ino}, name, err == nil
}
